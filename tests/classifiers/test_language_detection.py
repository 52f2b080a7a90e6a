"""Languages are named where the identifier is sure, and ``und`` is said where it is not."""

import subprocess
import sys

import pytest

from models import scripts
from models.language import UNKNOWN, detect

KNOWN = {
    "en": "The committee will meet again on Thursday to discuss the budget.",
    "de": "Der Ausschuss trifft sich am Donnerstag wieder, um den Haushalt zu besprechen.",
    "fr": "Le comité se réunira de nouveau jeudi pour discuter du budget.",
    "es": "El comité se reunirá de nuevo el jueves para discutir el presupuesto.",
    "pt": "O comitê vai se reunir novamente na quinta-feira para discutir o orçamento.",
    "tr": "Komite, bütçeyi görüşmek üzere perşembe günü yeniden toplanacak.",
    "ru": "Комитет снова соберётся в четверг, чтобы обсудить бюджет.",
    "ar": "ستجتمع اللجنة مرة أخرى يوم الخميس لمناقشة الميزانية.",
    "hi": "समिति बजट पर चर्चा करने के लिए गुरुवार को फिर से मिलेगी।",
    "ko": "위원회는 예산을 논의하기 위해 목요일에 다시 모일 것입니다.",
    "ja": "委員会は予算について話し合うために木曜日に再び集まります。",
    "zh": "委员会将于星期四再次开会讨论预算问题。",
    "th": "คณะกรรมการจะประชุมกันอีกครั้งในวันพฤหัสบดีเพื่อหารือเรื่องงบประมาณ",
    "ml": "ബജറ്റ് ചർച്ച ചെയ്യാൻ കമ്മിറ്റി വ്യാഴാഴ്ച വീണ്ടും ചേരും.",
    "kn": "ಬಜೆಟ್ ಬಗ್ಗೆ ಚರ್ಚಿಸಲು ಸಮಿತಿ ಗುರುವಾರ ಮತ್ತೆ ಸೇರಲಿದೆ.",
}


def test_languages_are_found_in_the_order_of_the_texts() -> None:
    assert [found.tag for found in detect(list(KNOWN.values()))] == list(KNOWN)


def test_upper_case_and_line_ends_do_not_confuse() -> None:
    assert detect([KNOWN["en"].upper().replace(" ", "\n")])[0].tag == "en"


def test_handles_and_addresses_do_not_count() -> None:
    assert detect([f"@someone https://example.org/the/page {KNOWN['de']} #topic"])[0].tag == "de"


@pytest.mark.parametrize("text", ["", " ", "12345", "😀😀😀", "!!!", "@user https://example.org", "\ud800", "\n"])
def test_without_letters_nothing_is_claimed(text: str) -> None:
    found = detect([text])[0]
    assert (found.tag, found.confidence) == (UNKNOWN, 0.0)


def test_a_lone_surrogate_beside_words_is_survived() -> None:
    assert detect([f"\ud83d {KNOWN['fr']}"])[0].tag == "fr"


@pytest.mark.parametrize("text", ["tum bilkul pagal ho yaar kya bakwas hai", "tu bohat bara kutta hai harami insan"])
def test_romanised_urdu_is_not_taken_for_english(text: str) -> None:
    assert detect([text])[0].tag != "en"


RUNES = "ᚠᚢᚦᚨᚱᚲᚷᚹ ᚺᚾᛁᛃᛈᛇᛉᛊ ᛏᛒᛖᛗᛚᛜᛞᛟ"
UNREAD = {
    "runes": f"thanks for the lovely present and see you soon {RUNES}",
    "a guess that cannot be": "苍蝇嗡嗡飞走。",
    "at the end of a long text": f"{KNOWN['en']} " * 8 + f"{RUNES} " * 20,
}


@pytest.mark.parametrize("kind", UNREAD)
def test_a_text_with_many_letters_of_other_writings_has_no_language_that_was_read(kind: str) -> None:
    found = detect([UNREAD[kind]])[0]
    assert found.tag == UNKNOWN
    assert found.confidence > 0.1


@pytest.mark.parametrize(
    ("text", "tag"),
    [(f"{KNOWN['en']} {RUNES[:8]}", "en"), ("今天我和John一起看了Game of Thrones的最后一集", "zh")],
)
def test_a_borrowed_name_changes_nothing(text: str, tag: str) -> None:
    assert detect([text])[0].tag == tag


def test_every_language_with_evidence_is_read_in_its_own_writing() -> None:
    assert all(scripts.foreign_share(text, tag) == 0.0 for tag, text in KNOWN.items())


@pytest.mark.parametrize(("tag", "share"), [("ur-Latn", 1.0), ("ur", 0.0), ("sr", 1.0), ("xx", 1.0)])
def test_a_tag_that_names_its_script_has_no_other(tag: str, share: float) -> None:
    assert scripts.foreign_share("تم بہت اچھے ہو", tag) == share


@pytest.mark.parametrize("text", ["", " ", "123", "\ud800\udfff", "😀😀", "ǅ" * 100_000])
def test_shares_are_shares_whatever_the_text(text: str) -> None:
    assert scripts.foreign_share(text, "en") == 0.0


def test_confidence_is_a_share() -> None:
    assert all(0.0 <= found.confidence <= 1.0 for found in detect([*KNOWN.values(), "ok", "x" * 10_000]))


def test_an_empty_batch() -> None:
    assert detect([]) == []


def test_loading_prints_nothing_and_imports_no_network_library() -> None:
    code = "import sys; from models.language import detect; detect(['hi']); assert 'requests' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == ("", "")
