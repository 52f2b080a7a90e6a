"""Casino and betting advertisements: gambling words next to a link or a bonus."""

from models.rules import Pattern, Rule
from models.rules._links import LINK, near

_BONUS = r"(?:\d{2,4}\s?%|\$\s?\d{2,6}|free)\s(?:\w{1,10}\s)?bonus"
_SIGN_UP = r"(?:加(?:微信|v信?|薇|扣|q)|首充|注册(?:就|即)?送|註冊(?:就|即)?送)"


def _advert(language: str, *words: str, start: str = r"\b", beside: str = LINK) -> Pattern:
    """Any of the words, which may go on to the right, near a link."""
    return Pattern(language, near(start + "(?:" + "|".join(words) + ")", beside), words)


RULE = Rule(
    name="spam_gambling",
    label="spam",
    severity=2,
    note="Talk about gambling is no spam; the link or the bonus beside it makes the advertisement.",
    patterns=(
        _advert(
            "en",
            "casino",
            "jackpot",
            "betting",
            "sportsbook",
            "free spin",
            "roulette",
            "slot machine",
            "online slots",
        ),
        _advert("en", "casino", "jackpot", "betting", "free spin", "slots", beside=_BONUS),
        _advert("es", "tragaperras", "tragamonedas", "apuestas", "giros gratis", "ruleta", "bono de bienvenida"),
        _advert(
            "pt",
            "cassino",
            "tigrinho",
            "fortune tiger",
            "apostas",
            "rodadas grátis",
            "caça-níqueis",
            "bônus de cadastro",
        ),
        _advert("fr", "machine à sous", "machines à sous", "paris sportifs", "tours gratuits", "bonus de bienvenue"),
        _advert("de", "spielautomaten", "freispiele", "sportwetten", "willkommensbonus", "spielothek"),
        _advert("it", "casinò", "scommesse", "giri gratis", "bonus benvenuto", "bonus di benvenuto"),
        _advert("nl", "gratis spins", "gokkast", "welkomstbonus", "sportweddenschap"),
        _advert("tr", "deneme bonus", "bahis", "freespin", "slot oyun", "yatırım bonus", "bonus veren"),
        _advert("ru", "казино", "фриспин", "ставки на спорт", "игровые автоматы", "букмекер", "бездепозитн"),
        _advert("uk", "фріспін", "ігрові автомати", "букмекерськ"),
        _advert("pl", "kasyno", "zakłady bukmacherskie", "darmowe spiny", "automaty do gier", "bonus powitalny"),
        _advert("ar", "كازينو", "مراهنات", "رهان رياضي", "لفات مجانية", "مكافأة ترحيبية"),
        _advert("fa", "کازینو", "شرط بندی", "شرط‌بندی", "بازی انفجار", "پیش بینی فوتبال"),
        _advert("hi", "कैसीनो", "सट्टा", "सट्टेबाजी", "जैकपॉट", "तीन पत्ती", "teen patti", "satta", "rummy"),
        _advert(
            "zh",
            "博彩",
            "赌场",
            "賭場",
            "百家乐",
            "百家樂",
            "老虎机",
            "老虎機",
            "彩金",
            "六合彩",
            "真人荷官",
            "时时彩",
            start="",
        ),
        _advert(
            "zh", "博彩", "赌场", "賭場", "百家乐", "百家樂", "彩金", "六合彩", "真人荷官", start="", beside=_SIGN_UP
        ),
        _advert(
            "ja",
            "オンラインカジノ",
            "オンカジ",
            "入金不要ボーナス",
            "スロット必勝",
            "パチンコ攻略",
            "フリースピン",
            start="",
        ),
        _advert("ko", "카지노", "토토", "바카라", "슬롯", "먹튀", "꽁머니", "첫충", "파워볼", start=""),
        _advert("th", "บาคาร่า", "สล็อต", "คาสิโน", "แทงบอล", "เว็บตรง", "เครดิตฟรี", "หวยออนไลน์", "พนันออนไลน์", start=""),
        _advert("vi", "nhà cái", "cá độ", "nổ hũ", "tài xỉu", "cá cược", "khuyến mãi nạp đầu", "game bài"),
        _advert(
            "id", "slot gacor", "slot88", "gacor", "maxwin", "judi", "togel", "bonus new member", "link alternatif"
        ),
        _advert("sw", "kasino", "mkeka wa uhakika", "mikeka", "odds za uhakika", "fixed odds", "aviator"),
    ),
    matches=(
        "Best online casino in 2024, sign up here https://win-big.example/ref=77",
        "JACKPOT tonight, claim your 200% bonus",
        "Casino en vivo con giros gratis 👉 https://juega.example",
        "Plataforma do tigrinho pagando muito, entra aí: https://tigre.example",
        "paris sportifs sans risque: www.pari-sur.example",
        "Freispiele ohne Einzahlung https://spiel.example",
        "scommesse sicure su t.me/vincita",
        "deneme bonusu veren siteler https://bonus.example",
        "лучшее казино, бездепозитный бонус t.me/kazik",
        "ігрові автомати та фріспіни https://stavka.example",
        "darmowe spiny https://kasyno.example",
        "كازينو اون لاين مع مكافأة ترحيبية https://kaz.example",
        "بازی انفجار با ضریب بالا https://enfejar.example",
        "तीन पत्ती खेलो और जीतो https://patti.example",
        "真人荷官在线发牌 www.dc88.example",
        "澳门百家乐,注册即送88元",
        "オンカジ始めるならここ https://kajino.example",
        "첫충 30% 보너스 https://toto.example",
        "สล็อตเว็บตรง แตกง่าย https://slot.example",
        "nhà cái uy tín số 1 https://nhacai.example",
        "slot gacor hari ini https://gacor.example maxwin terus",
        "mkeka wa uhakika leo https://bet.example",
        "gratis spins bij www.gokje.example",
    ),
    passes=(
        "We watched Casino Royale again last night",
        "Casino night at the parish hall, Saturday 7pm, fake money only",
        "El casino del pueblo cierra los lunes",
        "Er ist im Spielcasino als Koch angestellt",
        "казино закрыли ещё в прошлом году",
        "我爷爷年轻时去过赌场",
        "오늘 카지노 영화 봤어",
        "slot parkir penuh, jalan kaki saja",
    ),
)
