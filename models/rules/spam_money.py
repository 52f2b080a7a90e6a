"""Crypto doubling, prizes, loans and jobs that pay too well: the promise next to a link or a number to call."""

from models.rules import Pattern, Rule
from models.rules._links import LINK, near

_PHONE = r"(?<!\d)\+?\d[\d\s().-]{8,19}+"
_REACH = rf"(?:{LINK}|{_PHONE}|\b(?:whatsapp|telegram|dm me|inbox me|message me|text me)\b)"

RULE = Rule(
    name="spam_money",
    label="spam",
    severity=2,
    note="Often the first step of a fraud: look for the same text from other accounts.",
    patterns=(
        Pattern(
            "en",
            near(
                r"\b(?:double your (?:btc|bitcoin|money|investment)|guaranteed (?:profit|returns?|income)"
                r"|crypto (?:giveaway|signals?|airdrop)|claim (?:your )?(?:airdrop|prize|reward|gift card)"
                r"|you(?:['’]ve| have)? (?:been selected|won)|passive income|forex signals?"
                r"|recovery expert)\b",
                _REACH,
            ),
            (
                "bitcoin",
                "btc",
                "your money",
                "investment",
                "guaranteed",
                "crypto",
                "claim",
                "been selected",
                "won",
                "passive income",
                "forex",
                "recovery expert",
            ),
        ),
        Pattern(
            "en",
            near(
                r"\b(?:earn|make)\s(?:up to\s)?(?:[$€£₹]|rs\.? |usd )\d{2,6}+[^\n]{0,16}(?:day|daily"
                r"|week|weekly|hour|month)\b",
                _REACH,
            ),
            ("earn", "make"),
        ),
        Pattern(
            "en",
            near(
                r"\b(?:(?:instant|quick|personal|payday|urgent) loans?|loan (?:without|with no) "
                r"(?:collateral|credit check)|no credit check)\b",
                _REACH,
            ),
            ("loan", "no credit check"),
        ),
        Pattern(
            "es",
            near(
                r"\b(?:gana(?:r|s)? (?:dinero|hasta|\$|€)|dinero (?:fácil|rápido|extra)|pr[eé]stamos? "
                r"(?:inmediatos?|r[aá]pidos?|sin (?:aval|bur[oó]|garant[ií]a))|duplica tu (?:dinero"
                r"|inversi[oó]n)|has (?:ganado|sido seleccionad[oa])|ingresos pasivos)\b",
                _REACH,
            ),
            ("gana", "dinero", "préstamo", "prestamo", "duplica", "has sido", "ingresos"),
        ),
        Pattern(
            "pt",
            near(
                r"\b(?:ganh(?:e|ar|o) (?:dinheiro|até|r\$)|renda extra|dinheiro (?:fácil|rápido)"
                r"|empr[eé]stimos? (?:rápido|na hora|sem (?:consulta|fiador)|para negativad\w{1,3})"
                r"|dobre seu (?:dinheiro|pix|bitcoin)|você (?:ganhou|foi selecionad[oa])|pix premiado)\b",
                _REACH,
            ),
            ("ganh", "renda extra", "dinheiro", "empréstimo", "emprestimo", "dobre", "você foi", "pix premiado"),
        ),
        Pattern(
            "fr",
            near(
                r"\b(?:gagne[rz]? (?:de l['’]argent|jusqu['’]à|\d{2,6}\s?€)|argent facile|pr[eê]t(?:s)? "
                r"(?:rapide|entre particuliers|sans justificatif)|doublez vos? (?:bitcoins?|mise"
                r"|investissements?)|vous avez (?:gagné|été sélectionné)|revenus? passifs?)\b",
                _REACH,
            ),
            ("gagne", "argent facile", "prêt", "pret", "doublez", "vous avez", "revenu"),
        ),
        Pattern(
            "de",
            near(
                r"\b(?:verdien(?:e|en sie)? (?:bis zu )?\d{2,6}\s?(?:€|euro)|schnelles geld|sofortkredit"
                r"|kredit ohne schufa|passives einkommen|(?:sie|du) ha(?:ben|st) gewonnen|verdopple deine "
                r"(?:bitcoins?|investition))\b",
                _REACH,
            ),
            ("verdien", "schnelles geld", "kredit", "passives", "gewonnen", "verdopple"),
        ),
        Pattern(
            "it",
            near(
                r"\b(?:guadagn(?:a|are|o) (?:fino a|da casa|\d{2,6}\s?€|soldi)|soldi facili|prestit[oi] "
                r"(?:immediat[oi]|veloc[ei]|senza busta paga)|hai vinto|raddoppia i tuoi (?:soldi|bitcoin)"
                r"|reddito passivo)\b",
                _REACH,
            ),
            ("guadagn", "soldi facili", "prestit", "hai vinto", "raddoppia", "reddito"),
        ),
        Pattern(
            "tr",
            near(
                r"\b(?:evden para kazan\w{0,4}|günlük \d{3,6}\s?(?:tl|₺)|kolay para|faizsiz kredi"
                r"|hızlı kredi|kredi notu düşük|ek gelir|kripto sinyal\w{0,3}|hediye çeki kazandınız"
                r"|kazandınız)\b",
                _REACH,
            ),
            ("para kazan", "günlük", "kolay para", "kredi", "ek gelir", "kripto", "kazandınız"),
        ),
        Pattern(
            "ru",
            near(
                r"\b(?:заработ\w{1,6} (?:от|до|без|в интернете|на дому|удал[её]нно)|доход от \d{3,6}"
                r"|быстры[ей] деньги|л[её]гкие деньги|займ\w{0,2} (?:без отказа|онлайн|на карту)"
                r"|кредит без отказа|вы выиграли|пассивный доход|раздача (?:btc|usdt|крипты)"
                r"|удвоим ваш\w{0,3})",
                _REACH,
            ),
            ("заработ", "доход", "деньги", "займ", "кредит", "выиграли", "раздача", "удвоим"),
        ),
        Pattern(
            "uk",
            near(
                r"\b(?:заробіт\w{1,5} (?:від|до|без|в інтернеті|вдома|онлайн)|дохід від \d{3,6}"
                r"|швидкі гроші|легкі гроші|позик\w{0,2} (?:без відмови|онлайн|на картку)"
                r"|кредит без відмови|ви виграли|пасивний дохід)",
                _REACH,
            ),
            ("заробіт", "дохід", "гроші", "позик", "кредит", "виграли"),
        ),
        Pattern(
            "pl",
            near(
                r"\b(?:zarabiaj (?:do|od|nawet|w domu|online)|szybka kasa|łatwe pieniądze|chwilówk\w{1,3}"
                r"|pożyczk\w{1,2} (?:bez|od ręki|online)|kredyt bez bik|wygrałe[śs]|dochód pasywny)\b",
                _REACH,
            ),
            ("zarabiaj", "szybka kasa", "pieniądze", "chwilówk", "pożyczk", "kredyt", "wygrał", "dochód"),
        ),
        Pattern(
            "ar",
            near(
                r"(?:اربح (?:المال|حتى|يوميا|من المنزل|من البيت)|ربح سريع|قرض (?:فوري|سريع|بدون)|قروض "
                r"(?:فورية|سريعة|بدون)|لقد (?:ربحت|فزت)|مبروك (?:ربحت|فزت)|دخل (?:إضافي|اضافي|سلبي)"
                r"|توصيات (?:فوركس|عملات))",
                _REACH,
            ),
            ("ربح", "قرض", "قروض", "فزت", "دخل", "توصیات"),
        ),
        Pattern(
            "fa",
            near(
                r"(?:درآمد (?:روزانه|دلاری|میلیونی|از خانه)|وام (?:فوری|بدون ضامن)|پول راحت|برنده شدید"
                r"|سود تضمینی|سیگنال (?:ارز|کریپتو))",
                _REACH,
            ),
            ("درآمد", "وام", "پول راحت", "برنده", "سود", "سیگنال"),
        ),
        Pattern(
            "hi",
            near(
                r"(?:घर बैठे (?:पैसे )?कमा|रोज(?:ाना)? (?:₹|रु\.?\s?)?\d{3,6} कमा|तुरंत लोन|इंस्टेंट लोन"
                r"|बिना गारंटी लोन|लॉटरी जीत|\bghar baithe (?:paise )?kama\w{0,4}"
                r"|\bdaily \d{3,6} kama\w{0,4}|\bturant loan\b|\binstant loan\b)",
                _REACH,
            ),
            ("घर बैठे", "कमा", "लोन", "लॉटरी", "baithe", "kama", "loan"),
        ),
        Pattern(
            "zh",
            near(
                r"(?:日赚|月入(?:过万|\d{1,3}万)|兼职(?:日结|刷单)|刷单|在家赚|躺赚|稳赚(?:不赔)?|无抵押贷款|秒(?:批|下)款|低息贷款|恭喜您?(?:中奖"
                r"|获得)|炒币|带单|翻倍(?:收益)?|高佣金)",
                r"(?:https?://|www\.|t\.me/|加(?:我|v|微|薇|扣|q|微信|群)|微信[:：]?\s?\w|[vV]信|私(?:信|聊)我|\d{6,13})",
            ),
            (
                "日赚",
                "月入",
                "兼职",
                "刷单",
                "在家赚",
                "躺赚",
                "稳赚",
                "贷款",
                "下款",
                "批款",
                "恭喜",
                "炒币",
                "带单",
                "翻倍",
                "高佣金",
            ),
        ),
        Pattern(
            "ja",
            near(
                r"(?:副業で(?:月|毎月|簡単)|月収\d{2,4}万|誰でも(?:簡単に)?稼げ|スマホだけで稼|即日融資|審査なし|当選(?:しました|おめでとう)|現金プレゼント|投資で(?:月|確実))",
                r"(?:https?://|www\.|t\.me/|line(?:\s?id)?[:：@]|line(?:を)?追加|lineで|プロフ(?:の)?リンク|dm(?:で|ください|下さい))",
            ),
            ("副業", "月収", "稼げ", "稼", "即日融資", "審査なし", "当選", "現金プレゼント", "投資で"),
        ),
        Pattern(
            "ko",
            near(
                r"(?:고수익\s?(?:알바|보장|부업)|일당\s?\d{2,3}만|재택\s?(?:알바|부업)|무직자\s?대출|당일\s?대출|급전\s?대출|코인\s?리딩방"
                r"|주식\s?리딩방|원금\s?보장|당첨되(?:셨|었))",
                r"(?:https?://|www\.|t\.me/|카톡|텔레(?:그램)?|오픈채팅|01\d[-\s]?\d{3,4}[-\s]?\d{4})",
            ),
            ("고수익", "일당", "재택", "대출", "리딩방", "원금", "당첨"),
        ),
        Pattern(
            "th",
            near(
                r"(?:งานออนไลน์รายได้|รายได้(?:วันละ|เสริม)|เงินกู้(?:ด่วน|ออนไลน์|นอกระบบ)|กู้เงินด่วน"
                r"|ลงทุน\s?\d{2,5}\s?ได้|คุณได้รับรางวัล|ทำงานที่บ้านวันละ)",
                r"(?:https?://|www\.|line\s?[:：@]|ไลน์|ทักแชท|ทักไลน์|@\w{3,20}|0\d[\d-]{7,10})",
            ),
            ("รายได้", "เงินกู้", "กู้เงิน", "ลงทุน", "รางวัล", "ที่บ้านวันละ"),
        ),
        Pattern(
            "vi",
            near(
                r"\b(?:việc nhẹ lương cao|kiếm tiền (?:online|tại nhà|mỗi ngày)|vay (?:tiền )?(?:nhanh"
                r"|online|nóng)|thu nhập \d{1,4}(?:k|tr|triệu)|tuyển cộng tác viên|lợi nhuận cam kết"
                r"|bạn đã trúng thưởng)",
                rf"(?:{LINK}|zalo|{_PHONE}|inbox|ib mình)",
            ),
            ("việc nhẹ", "kiếm tiền", "vay", "thu nhập", "cộng tác viên", "lợi nhuận", "trúng thưởng"),
        ),
        Pattern(
            "id",
            near(
                r"\b(?:kerja online (?:gaji|tanpa|dari rumah)|penghasilan \d{2,4}\s?(?:rb|ribu|jt|juta)"
                r"|pinjaman (?:online|cepat|tanpa|dana)|pinjol|dana cepat|cuan (?:harian|pasti|tiap hari)"
                r"|selamat anda (?:menang|terpilih)|modal kecil untung)\b",
                _REACH.replace("whatsapp", "whatsapp|wa"),
            ),
            (
                "kerja online",
                "penghasilan",
                "pinjaman",
                "pinjol",
                "dana cepat",
                "cuan",
                "selamat anda",
                "modal kecil",
            ),
        ),
        Pattern(
            "sw",
            near(
                r"\b(?:mkopo (?:wa haraka|bila|bila dhamana)|mikopo (?:ya haraka|bila)|pata pesa (?:haraka"
                r"|mtandaoni|kila siku)|umeshinda|jiunge (?:na )?(?:illuminati|freemason))\b",
                _REACH,
            ),
            ("mkopo", "mikopo", "pata pesa", "umeshinda", "jiunge"),
        ),
    ),
    matches=(
        "Double your BTC in 24h, join t.me/btc_double",
        "Congratulations you have been selected! claim at http://prize.example",
        "I earn $500 per day from home, text me on +1 202 555 0147",
        "Instant loan, whatsapp +44 7700 900123",
        "Gana dinero desde casa, escribe al +52 55 5555 0133",
        "Renda extra de verdade, chama no wa.me/5500000",
        "prêt rapide sans justificatif www.pret.example",
        "Kredit ohne Schufa: https://kredit.example",
        "guadagna da casa 300€ https://soldi.example guadagna fino a",
        "evden para kazan, whatsapp 0532 000 00 00",
        "займ без отказа https://zaim.example",
        "швидкі гроші t.me/groshi",
        "chwilówki online www.kasa.example",
        "قرض فوري بدون كفيل واتساب 00966500000000",
        "وام فوری بدون ضامن t.me/vam",
        "घर बैठे कमाएं 9000000000",
        "兼职日结 加微信 abc123",
        "副業で月30万 LINE追加してね",
        "고수익 알바 카톡 주세요",
        "เงินกู้ด่วน ทักไลน์เลย",
        "việc nhẹ lương cao, liên hệ zalo",
        "pinjaman cepat cair WA 081200000000",
        "mkopo wa haraka https://mkopo.example",
    ),
    passes=(
        "I make $20 an hour at the bakery",
        "We won the match 3-1! photos: https://club.example/photos",
        "The bank refused my loan again",
        "Il a gagné la course hier",
        "Ich habe beim Lotto nichts gewonnen",
        "Bugün günlük yazdım",
        "кредит на квартиру выплатили, ура",
        "我在超市兼职，很累",
        "副業を始めようか迷っている",
        "I won a goldfish at the fair",
    ),
)
