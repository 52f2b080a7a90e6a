"""What the word lists find, and what they must leave alone."""

import string
from pathlib import Path

import pytest

from models.classifier import Hit
from models.lexicon import COLUMNS, MAX_HITS, Lexicon, LexiconError, default_folder, primary, read_terms
from models.rules._fold import fold
from stream_app.pipeline.policy_file import load_policy

HEADER = "\t".join(COLUMNS)


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.load()


def make_lexicon(folder: Path, **files: str) -> Lexicon:
    for tag, rows in files.items():
        lines = [f"{row} weir Apache-2.0".replace(" ", "\t").replace("_", " ") for row in rows.split(";")]
        (folder / f"{tag.replace('0', '-')}.tsv").write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return Lexicon.load(folder)


def found(lexicon: Lexicon, text: str, language: str = "en") -> list[str]:
    return [text[hit.start : hit.end] for hit in lexicon.hits([text], [language])[0]]


INNOCENT = (
    "Scunthorpe, Penistone, Clitheroe, Lightwater, Arsenal, Essex, Sussex, Middlesex",
    "Mr Cockburn, Mr Hitchcock and Ms Dickinson read Moby Dick to Dick Van Dyke",
    "shiitake mushrooms and shih tzu puppies",
    "a classic class, an assassin assesses the mass, grape and drape",
    "therapist, specialist, socialist, analysis, canal, analog",
    "cumulative document, circumstance, magna cum laude",
    "peacock and cocktail, titanic titles, button and butterfly, basement and bassoon",
    "Niger, Nigeria and Montenegro; to snigger; niggardly",
    "a chink in the armour, spick and span, a Maine Coon cat and a raccoon",
    "a fire retardant; homogeneous Homo sapiens; the dyke along the river",
    "rapeseed oil and grapes, torpedo, pedometer, hoe and rake, spade, tramp steamer",
    "Phuket, Fukushima, Fuchs; a suckling pig; hello, shell, Michelle",
    "I have class at the Wankdorf stadium, says Mr Wang of Hong Kong",
)

OTHER_INNOCENT = [
    ("de", "Die dicke Katze sitzt im Dickicht: Schuhu, Uhren, Huronen, Arschin"),
    ("de", "Wir fahren nach Fucking in Österreich? Nein, nach Wien. Der Schwanz vom Hund wedelt."),
    ("es", "El análisis anual del canal, la computadora disputada y la reputación de la diputada"),
    ("pt", "A disputa da deputada, o computador e o conteúdo; cuscuz, cura e curioso"),
    ("fr", "Je suis en retard, il a député, la réputation, le concombre et la culture; tard le soir"),
    ("it", "Il reputato avvocato, la scultura, il Monte Negro, la gonna rossa e il cazzuola del muratore"),
    ("nl", "Hoera, de kutikula en het lulletje rozenwater; klotsende golven, hoerastemming, kontant"),
    ("tr", "Sık sık am ve an arası bahane; çok sıkıldım, göbek, ampul, piknik, amca geldi"),
    ("pl", "Chusta, kuropatwa, sukienka, dupleks i kurator w muzeum"),
    ("ru", "Застрахуй дом; хлеб, мандарин, команда, рубля и корабля, сукно и оскорблять"),
    ("zh", "今日你去哪里了？港口交通很好。可能性交给专家判断。妈妈的菜好吃。印度支那半岛。"),
    ("ja", "バカンスに行きました。バカラのグラス。ホモサピエンス。アホウドリを見た。"),
    ("ko", "보지 마세요. 자지 말고 공부해. 시발점이라고 하지 않는다, 출발점. 새끼 고양이가 귀엽다."),
    ("th", "แกงกะหรี่ไก่อร่อยมาก หีบเพลงเสียงดี แม่งานวันนี้ สัตว์เลี้ยงน่ารัก"),
    ("id", "Anjing saya lucu, kucingnya juga. Petani menanam padi."),
    ("ar", "الكلب حيوان وفي، وعندي كلب صغير وحمار في المزرعة"),
    ("hi", "मेरे साले की शादी है। लंदन में ठंड है।"),
]


@pytest.mark.parametrize("text", INNOCENT)
def test_no_match_inside_a_word(lexicon: Lexicon, text: str) -> None:
    assert found(lexicon, text) == []


@pytest.mark.parametrize(("language", "text"), OTHER_INNOCENT)
def test_no_match_inside_a_word_elsewhere(lexicon: Lexicon, language: str, text: str) -> None:
    assert found(lexicon, text, language) == []


IDENTITY = frozenset(
    """gay lesbian queer bisexual transgender trans nonbinary intersex asexual homosexual jew jews jewish
muslim
muslims islam christian hindu sikh atheist catholic black blacks white asian african arab arabs
latino mexican chinese
indian pakistani turkish kurdish roma gypsy romani refugee refugees immigrant immigrants migrant
disabled autistic deaf
blind women men girl woman feminist israeli palestinian ukrainian russian gays lesbians dalit
judío judía gitano gitana negro negra musulmán moro homosexual lesbiana gay inmigrante indígena
juif juive arabe noir noire musulman gitan homosexuel lesbienne immigré
jude juden jüdin türke türken muslim araber schwul schwule lesbe lesben ausländer flüchtling
flüchtlinge schwarzer
ebreo ebrei musulmano zingaro gay lesbica nero africano immigrato
yahudi müslüman kürt ermeni rum çingene eşcinsel lezbiyen suriyeli arap alevi
еврей евреи мусульманин цыган гей лесбиянка украинец русский чеченец таджик узбек мигрант
יהודי ערבי מוסלמי להומו הומו לסבית אתיופי
يهودي مسلم مسيحي شيعي سني كردي أسود مثلي لاجئ
یهودی مسلمان عرب افغان افغانی کرد همجنسگرا
हिंदू मुसलमान मुस्लिम सिख ईसाई दलित किन्नर
穆斯林 犹太人 同性恋 黑人 韩国人 日本人 藏族 维吾尔族
ユダヤ人 韓国人 朝鮮人 黒人 同性愛者 ゲイ レズビアン 在日
게이 레즈비언 흑인 조선족 유대인 무슬림 여성 페미니스트
เกย์ กะเทย มุสลิม ลาว พม่า
người đồng tính công giáo""".split()  # noqa: SIM905 - one word a cell reads better than one a line
)


@pytest.mark.parametrize("word", sorted(IDENTITY))
def test_an_identity_is_no_hit(lexicon: Lexicon, word: str) -> None:
    languages = sorted({term.language for term in lexicon.terms} | {"und"})
    hits = lexicon.hits([word] * len(languages), languages)
    assert [language for language, of in zip(languages, hits, strict=True) if of] == []


def test_offsets_are_of_the_given_text(lexicon: Lexicon) -> None:
    text = "Straße İİ ẞ — you ASSHOLE!"
    (hit,) = lexicon.hits([text], ["en"])[0]
    assert text[hit.start : hit.end] == "ASSHOLE"
    assert found(lexicon, "İİİ OROSPU ÇOCUĞU", "tr") == ["OROSPU ÇOCUĞU"]
    assert found(lexicon, "so ein SCHEIẞKERL, so ein scheißkerl", "de") == ["SCHEIẞKERL", "scheißkerl"]
    assert found(lexicon, "😀😀 🇩🇪 arschloch 😀", "de") == ["arschloch"]


def test_folding_keeps_the_length() -> None:
    for code in range(0x11_0000):
        assert len(fold(chr(code))) == len(fold(chr(code), "tr")) == 1
    assert len(fold("İstanbul ΟΔΟΣ ẞ ﬁ ŉ ǰ")) == len("İstanbul ΟΔΟΣ ẞ ﬁ ŉ ǰ")


def test_turkish_capital_i_is_dotless(lexicon: Lexicon) -> None:
    assert found(lexicon, "SIKI SIKI TUTUN", "tr") == []
    assert found(lexicon, "SİKTİR GİT", "tr") == ["SİKTİR GİT"]


def test_a_term_counts_in_its_language_and_where_the_language_is_unknown(tmp_path: Path) -> None:
    lexicon = make_lexicon(tmp_path, fr="merdique toxicity 1;cul toxicity 1")
    assert found(lexicon, "merdique", "fr") == found(lexicon, "merdique", "und") == ["merdique"]
    assert found(lexicon, "merdique", "fr-CA") == ["merdique"]
    assert found(lexicon, "merdique", "de") == []
    assert found(lexicon, "cul", "fr") == ["cul"]
    assert found(lexicon, "cul", "und") == []


def test_strong_english_counts_everywhere(tmp_path: Path) -> None:
    lexicon = make_lexicon(
        tmp_path, en="strongword toxicity 2;mildword toxicity 1;bad toxicity 3", hi0Latn="kharab toxicity 2"
    )
    assert found(lexicon, "strongword mildword bad kharab", "th") == ["strongword", "kharab"]
    assert found(lexicon, "strongword mildword bad", "en") == ["bad", "strongword", "mildword"]


def test_a_star_finds_longer_words(tmp_path: Path) -> None:
    lexicon = make_lexicon(tmp_path, pl="brzydk* toxicity 1")
    assert found(lexicon, "brzydki, brzydka! niebrzydki", "pl") == ["brzydk", "brzydk"]


def test_scripts_without_spaces_match_anywhere(tmp_path: Path) -> None:
    lexicon = make_lexicon(tmp_path, zh="坏蛋 toxicity 1", ja="アホ toxicity 1", th="ไอ้เลว toxicity 2")
    assert found(lexicon, "你这个坏蛋啊", "zh") == ["坏蛋"]
    assert found(lexicon, "このアホめ", "ja") == ["アホ"]
    assert found(lexicon, "アホウドリ", "ja") == []
    assert found(lexicon, "มันเป็นไอ้เลวจริง", "th") == ["ไอ้เลว"]


def test_hits_are_ordered_and_bounded(tmp_path: Path) -> None:
    lexicon = make_lexicon(tmp_path, en="mildish toxicity 1;strongish hate 2;severish threat 3")
    text = "mildish strongish severish mildish severish"
    assert found(lexicon, text) == ["severish", "severish", "strongish", "mildish", "mildish"]
    assert len(lexicon.hits(["mildish " * 5_000], ["en"])[0]) == MAX_HITS


def test_a_hit_inside_a_longer_one_of_its_label_is_left_out(tmp_path: Path) -> None:
    lexicon = make_lexicon(tmp_path, en="awful toxicity 1;awful_person toxicity 2;person hate 1")
    assert found(lexicon, "awful person") == ["awful person", "person"]
    assert found(lexicon, "awful") == ["awful"]


def test_a_hit_never_holds_the_text(lexicon: Lexicon) -> None:
    for hit in lexicon.hits(["you fucking asshole, I will kill you"], ["en"])[0]:
        assert not {"fucking", "asshole", "kill"} & set(hit.name.replace("/", " ").split())


HOSTILE = [
    "",
    "\0",
    "\ud800",
    "a\udfffb fuck \ud83d",
    "\0fuck\0you\0" * 50,
    "fuck you " * 11_111,
    "f" * 100_000,
    "kill " * 20_000,
    "i will " * 14_000,
    "我要" * 50_000,
    "http://a " * 11_000,
    "casino " * 14_000,
    "1234567890" * 10_000,
    "\u0301" * 100_000,
    "\u200b" * 100_000,
    string.printable * 1_000,
    "İ" * 100_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_makes_it_raise(lexicon: Lexicon, text: str) -> None:
    for language in ("und", "tr", "zz", "", "x" * 300, "pt-BR", "\ud800"):
        (hits,) = lexicon.hits([text[: 100_000 if language == "und" else 2_000]], [language])
        assert len(hits) <= MAX_HITS
        assert all(0 <= hit.start < hit.end <= len(text) for hit in hits)


def test_a_lone_surrogate_hides_nothing(lexicon: Lexicon) -> None:
    text = "\ud800 you asshole"
    assert found(lexicon, text) == ["asshole"]


def test_batches_keep_the_order(lexicon: Lexicon) -> None:
    texts = ["hello", "asshole", "", "je t'emmerde, connard"]
    languages = ["en", "en", "und", "fr"]
    one_by_one = [lexicon.hits([text], [tag])[0] for text, tag in zip(texts, languages, strict=True)]
    assert lexicon.hits(texts, languages) == one_by_one
    assert lexicon.hits([], []) == []
    with pytest.raises(ValueError):
        lexicon.hits(["a", "b"], ["en"])


def test_version_follows_the_files(tmp_path: Path) -> None:
    one = make_lexicon(tmp_path, en="awful toxicity 1").version
    assert make_lexicon(tmp_path, en="awful toxicity 1").version == one
    assert make_lexicon(tmp_path, en="awful toxicity 2").version != one


def test_tags_that_mean_one_language() -> None:
    assert [primary(tag) for tag in ("pt-BR", "nb", "tl", "zh_Hant", "", "EN")] == [
        "pt",
        "no",
        "fil",
        "zh",
        "und",
        "en",
    ]


@pytest.mark.parametrize(
    "row", ["a", "a\ttoxicity\t1\tweir", "a\tAngry!\t1\tweir\tCC0", "a\thate\t4\tweir\tCC0", "*\thate\t2\tw\tCC0"]
)
def test_a_bad_row_is_named(tmp_path: Path, row: str) -> None:
    (tmp_path / "en.tsv").write_text(f"# note\n{HEADER}\n{row}\n", encoding="utf-8")
    with pytest.raises(LexiconError, match=r"en\.tsv:3"):
        Lexicon.load(tmp_path)


def test_a_missing_header_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match=r"expected files such as en\.tsv"):
        Lexicon.load(tmp_path)
    (tmp_path / "en.tsv").write_text("word\n", encoding="utf-8")
    with pytest.raises(LexiconError, match="the first row must name the columns"):
        Lexicon.load(tmp_path)


LISTS = sorted(default_folder().glob("*.tsv"))


@pytest.mark.parametrize("file", LISTS, ids=lambda file: file.stem)
def test_every_list_is_in_order(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")][1:]
    assert rows
    assert "LDNOOBW" in text
    assert "CC BY 4.0" in text
    assert {row[4] for row in rows} <= {"Apache-2.0", "CC-BY-4.0", "MIT"}
    assert {row[1] for row in rows} <= set(load_policy().labels)
    assert all(int(row[2]) >= 2 for row in rows if row[1] == "hate")
    assert len({row[0] for row in rows}) == len(rows), "a term twice"
    assert all(len(term.text) >= 2 for term in read_terms(file))


def test_the_lists_are_small() -> None:
    assert sum(file.stat().st_size for file in LISTS) <= 600_000


def test_a_term_is_found_in_its_language(lexicon: Lexicon) -> None:
    missed = [
        term
        for term in lexicon.terms
        if not any(_covers(hit, term.text) for hit in lexicon.hits([f"— {term.text} —"], [term.language])[0])
    ]
    assert missed == []


def _covers(hit: Hit, term: str) -> bool:
    return hit.start <= 2 and hit.end >= 2 + len(term)
