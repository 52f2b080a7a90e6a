"""What the spam rules share: how a link looks, and "this near that, in either order"."""

LINK = (
    r"(?:https?://|www\.|\bt\.me/|\bwa\.me/|\bbit\.ly/|\btinyurl\.com/|\bchat\.whatsapp\.com/"
    r"|\btelegram\.me/|\bline\.me/"
    r"|line(?:\s?id)?\s?[:：]|\s@\w{4,30}+|\b[a-z0-9-]{2,40}+\.(?:xyz|top|vip|club"
    r"|win|bet|icu|shop|site|online|cc|example)\b)"
)
_APART = r"[\s\S]{0,120}?"


def near(first: str, second: str) -> str:
    """A pattern for ``first`` and ``second`` at most 120 characters apart, in either order."""
    return f"(?:{first}){_APART}(?:{second})|(?:{second}){_APART}(?:{first})"
