"""Many links in one text."""

from models.rules import Pattern, Rule

RULE = Rule(
    name="spam_links",
    label="spam",
    severity=1,
    note="Weak on its own: reading lists and press reviews have many links too.",
    patterns=(Pattern("und", r"\bhttps?://\S{3,200}", ("http",), at_least=6),),
    matches=(" ".join(f"https://shop.example/offer{number}" for number in range(6)),),
    passes=("Sources: https://a.example/1 https://b.example/2 https://c.example/3",),
)
