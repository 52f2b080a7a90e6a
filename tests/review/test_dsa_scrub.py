import pytest

from human_review.appeals.scrub import personal_data

FOUND = {
    "anna@example.org": "e-mail",
    "write to anna.b+c@mail.example.co.uk!": "e-mail",
    "anna＠example．org": "e-mail",
    "an\u200bna@exam\u2060ple.org": "e-mail",
    "почта@пример.рф": "e-mail",
    "anna (at) example dot org": "e-mail",
    "anna [ at ] example [dot] org": "e-mail",
    "call +49 30 1234567": "phone",
    "call 0049-170-123 45 67": "phone",
    "call +٤٩ ٣٠ ١٢٣٤٥٦٧": "phone",
    "030/1234567": "long-number",
    "customer 12345678": "long-number",
    "١٢٣٤٥٦٧٨": "long-number",
    "०९८७६५४३": "long-number",
    "１２３４５６７": "long-number",
    "1 2 3 4 5 6 7": "long-number",
    "4111 1111 1111 1111": "long-number",
    "https://example.org/anna": "url",
    "ftp://x": "url",
    "example.org/anna": "url",
    "www.example.org": "url",
    "пример.рф": "url",
    "xn--e1afmkfd.xn--p1ai": "url",
    "@anna_b said so": "handle",
    "posted by u/anna": "handle",
    "＠анна": "handle",
    "DE89 3704 0044 0532 0130 00": "iban",
    "GB29NWBK60161331926819": "iban",
    "192.168.0.1": "ip-address",
    "2001:db8::8a2e:370:7334": "ip-address",
    "::ffff:10.0.0.1": "ip-address",
}

NOT_FOUND = [
    "",
    "Community rules, section 1: insults and language meant to drive people out of a conversation.",
    "Regulation (EU) 2022/2065, Article 17(3); Directive 2011/93/EU; § 130 StGB",
    "on 2026-01-31, and on 31.01.2026 at 12:30:45",
    "e.g. this, i.e. that",
    "a score of 0.97 in 3 of 120 cases",
    "القواعد، القسم ١: الإهانات",
    "社区规则第一条",
    "std::vector, 3:1",
]


@pytest.mark.parametrize(("text", "kind"), FOUND.items())
def test_personal_data_is_found_in_several_scripts(text: str, kind: str) -> None:
    assert kind in personal_data(text)
    assert kind in personal_data(f"It was said that {text} and so on.")


@pytest.mark.parametrize("text", NOT_FOUND)
def test_words_of_a_policy_are_no_personal_data(text: str) -> None:
    assert personal_data(text) == ()


def test_the_longest_text_is_read_to_its_end() -> None:
    assert personal_data("x" * 4900 + " anna@example.org") == ("e-mail", "url")
