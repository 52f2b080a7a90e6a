"""Threats of violence spoken to somebody: "I will kill you" and what it is elsewhere."""

from models.rules import Pattern, Rule

_EN = (
    r"\b(?:i(?:['’]?ll| will|['’]?m going to|['’]?m gonna| am going to| am gonna|mma)"
    r"|we(?:['’]?ll| will| are going to)|gonna)"
)

RULE = Rule(
    name="threat",
    label="threat",
    severity=3,
    note="A threat needs a look at once: is there a place, a time, a name? Quotations and jokes read the same.",
    patterns=(
        Pattern(
            "en",
            _EN + r"\s(?:\w{1,12}\s){0,2}(?:(?:kill|murder|stab|strangle|behead|rape|slaughter|beat|hurt)\s"
            r"(?:you|u|ya|ur|your)\b"
            r"(?!\s(?:with kindness|to it|(?:in|at) (?:fifa|chess|poker|mario|madden|tekken"
            r"|the game))\b)|shoot\s(?:you|u|ya)\b(?!\s(?:an?|the|some|over|my|your)\b)"
            r"|hunt\s(?:you|u|ya)\sdown\b|slit\s(?:your|ur)\sthroat|put a bullet in (?:you|u|your)\b"
            r"|burn (?:you|your (?:house|home|car|family))\b)",
            (
                "kill",
                "murder",
                "stab",
                "strangle",
                "behead",
                "rape",
                "slaughter",
                "beat",
                "hurt",
                "shoot",
                "hunt",
                "slit",
                "bullet",
                "burn",
            ),
        ),
        Pattern(
            "en",
            _EN + r"\s(?:shoot up|blow up|bomb|burn down)\s(?:\w{1,12}\s){0,2}(?:school|mosque|church"
            r"|synagogue|temple|office|house|building)\b",
            ("shoot up", "blow up", "bomb", "burn down"),
        ),
        Pattern(
            "en",
            r"\byou(?:['’]?re| are)\s(?:going to|gonna)\s(?:die|bleed)\s(?:tonight|tomorrow|soon"
            r"|for this|bitch|you)\b"
            r"|\b(?:i|we) know where (?:you|u|your kids|your family) (?:live|lives|sleep|go to school)\b",
            ("die", "bleed", "know where"),
        ),
        Pattern(
            "es",
            r"\b(?:te|os|los|las)\s(?:voy|vamos|van)\sa\s(?:matar|asesinar|apuñalar|degollar|rajar"
            r"|violar|reventar a (?:golpes|tiros)|pegar un tiro)\b"
            r"|\bte\s(?:mataré|matare|matamos|degüello|rajo el cuello)\b|\bvas a morir\s(?:hoy"
            r"|esta noche|perra|puta|hijo|maldit)"
            r"|\bsé dónde vives\b|\bse donde vives\b",
            (
                "matar",
                "asesinar",
                "apuñalar",
                "degoll",
                "degüello",
                "rajar",
                "rajo",
                "violar",
                "reventar",
                "un tiro",
                "matamos",
                "vas a morir",
                "vives",
            ),
        ),
        Pattern(
            "pt",
            r"\b(?:vou|vamos|irei)\ste\s(?:matar|esfaquear|estuprar|degolar|espancar)\b|\bvou\s"
            r"(?:matar|esfaquear|estuprar)\s(?:você|vocês|voce|vcs?|tu)\b"
            r"|\bvou meter uma bala\b|\bvocê vai morrer\s(?:hoje|essa noite|sua|seu)"
            r"|\bsei onde você mora\b|\bmato-te\b",
            (
                "matar",
                "esfaquear",
                "estuprar",
                "degolar",
                "espancar",
                "uma bala",
                "vai morrer",
                "onde você mora",
                "mato-te",
            ),
        ),
        Pattern(
            "fr",
            r"\b(?:je vais|on va|j['’]vais|jvais|je vas|nous allons)\s(?:te|vous|tous vous)\s(?:tuer"
            r"|buter|crever|égorger|planter|violer|saigner|descendre|fumer)\b"
            r"|\bje (?:te|vous) (?:tuerai|bute|buterai|égorgerai)\b|\btu vas mourir\s(?:ce soir|demain"
            r"|sale|connard|salope)|\bje sais où (?:tu habites|vous habitez)\b",
            (
                "tuer",
                "bute",
                "crever",
                "égorger",
                "planter",
                "violer",
                "saigner",
                "descendre",
                "fumer",
                "vas mourir",
                "je sais où",
            ),
        ),
        Pattern(
            "de",
            r"\bich\s(?:bring|bringe|mach|mache|stech|steche|schlag|schlage|knall|knalle)\s(?:dich"
            r"|euch)\s(?:(?!um\b|zu[mr]?\b|bis\b)\w{1,12}\s){0,2}(?:um(?!\s(?:\d|ein|zwei|drei|vier"
            r"|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|den|die|das))|kalt|ab(?!\s\d)|tot)\b"
            r"|\bich (?:werde|will) (?:dich|euch) (?:umbringen|töten|erschießen|abstechen|erstechen"
            r"|vergewaltigen|totschlagen|aufschlitzen)\b"
            r"|\bwir (?:kriegen|töten) (?:dich|euch)\b|\bich weiß,? wo du wohnst\b|\bdu wirst sterben,? du\b",
            ("dich", "euch", "wo du wohnst", "du wirst sterben"),
        ),
        Pattern(
            "it",
            r"\b(?:ti|vi)\s(?:ammazzo|uccido|sgozzo|accoltello|sparo in testa|faccio fuori|stupro)\b"
            r"(?!\s(?:di|con))|\bti (?:ammazzerò|ucciderò|taglio la gola)\b(?!\s(?:di|con i) )"
            r"|\b(?:devi morire|morirai)\s(?:stanotte|stasera|bastard|stronz|troia|puttana)|\bso dove abiti\b",
            (
                "ammazz",
                "uccid",
                "sgozzo",
                "accoltello",
                "in testa",
                "faccio fuori",
                "stupro",
                "la gola",
                "morir",
                "so dove abiti",
            ),
        ),
        Pattern(
            "nl",
            r"\bik\s(?:maak|schiet|steek|sla)\s(?:je|jou|jullie|u)\s(?:\w{1,12}\s){0,2}(?:dood|af"
            r"|kapot|neer|lek|overhoop)\b"
            r"|\bik ga (?:je|jou|jullie) (?:vermoorden|doden|doodmaken|doodschieten|neersteken"
            r"|neerschieten|verkrachten|afmaken)\b|\bik weet waar je woont\b",
            ("ik maak", "ik schiet", "ik steek", "ik sla", "ik ga", "waar je woont"),
        ),
        Pattern(
            "sv",
            r"\bjag ska\s(?:\w{1,12}\s){0,1}(?:döda|mörda|skjuta|hugga|våldta|slå ihjäl) (?:dig|er)\b"
            r"|\bjag vet var du bor\b"
            r"|\bjeg skal (?:drepe|dræbe|skyte|skyde|voldta|stikke ned) (?:deg|dig|dere|jer)\b|\bjeg "
            r"(?:vet|ved) hvor du bor\b",
            ("jag ska", "var du bor", "jeg skal", "hvor du bor"),
        ),
        Pattern(
            "pl",
            r"\b(?:zabiję|zabije|zajebię|zajebie|zatłukę|zadźgam|zgwałcę|zarżnę|zastrzelę|potnę)\s"
            r"(?:cię|cie|ciebie|was|go|ją)\b|\b(?:cię|cie|was)\s(?:zabiję|zabije|zajebię|zajebie"
            r"|zatłukę|zarżnę|zastrzelę)\b"
            r"|\bjuż nie żyjesz\b|\bwiem,? gdzie mieszkasz\b",
            (
                "zabij",
                "zajebi",
                "zatłuk",
                "zadźga",
                "zgwałc",
                "zarżn",
                "zastrzel",
                "potnę",
                "nie żyjesz",
                "gdzie mieszkasz",
            ),
        ),
        Pattern(
            "ro",
            r"\b(?:te|vă|va)\s(?:omor|tai|împușc|impusc|spintec|violez)\b(?!\sîn bucăți de râs)"
            r"|\bo să te (?:omor|tai|împușc)\b|\bștiu unde (?:stai|locuiești)\b",
            ("omor", "tai", "împușc", "impusc", "spintec", "violez", "știu unde"),
        ),
        Pattern(
            "tr",
            r"\b(?:seni|sizi|hepinizi|ananı|aileni)\s(?:\w{1,12}\s){0,2}(?:öldür|oldur|gebert|vur|kes"
            r"|doğra|bıçakla)(?:eceğim|ecem|ücem|ücez|eceğiz|urum|ürüm|üm|icem|acağım|acam|eceksin"
            r"|ecez|ıcam)\b"
            r"|\bnerede (?:oturduğunu|yaşadığını) biliyorum\b|\bkafana sıkarım\b",
            ("öldür", "oldur", "gebert", "vur", "kes", "doğra", "bıçakla", "biliyorum", "sıkarım"),
        ),
        Pattern(
            "ru",
            r"\bя\s(?:тебя|вас|всех вас|тебе)\s(?:\w{1,12}\s){0,2}(?:убью|зарежу|прикончу|застрелю"
            r"|задушу|замочу|грохну|закопаю|порежу|изнасилую|взорву)\b"
            r"|\b(?:убью|зарежу|застрелю|замочу|порежу)\s(?:тебя|вас)\b|\bгорло\s(?:тебе\s)?перережу\b"
            r"|\bя знаю,? где ты жив[её]шь\b|\bтебе конец,? (?:сука|тварь|мразь|урод)",
            (
                "убью",
                "зарежу",
                "прикончу",
                "застрелю",
                "задушу",
                "замочу",
                "грохну",
                "закопаю",
                "порежу",
                "изнасилую",
                "взорву",
                "перережу",
                "где ты жив",
                "тебе конец",
            ),
        ),
        Pattern(
            "uk",
            r"\bя\s(?:тебе|вас|вас усіх|всіх вас)\s(?:\w{1,12}\s){0,2}(?:вб['’ʼ]ю|уб['’ʼ]ю|заріжу"
            r"|застрелю|приб['’ʼ]ю|закопаю|задушу|зґвалтую)\b"
            r"|\b(?:вб['’ʼ]ю|уб['’ʼ]ю|заріжу|застрелю)\s(?:тебе|вас)\b|\bя знаю,? де ти живеш\b",
            ("б'ю", "б’ю", "бʼю", "заріжу", "застрелю", "закопаю", "задушу", "зґвалтую", "де ти живеш"),
        ),
        Pattern(
            "el",
            r"\bθα\s(?:σε|σας)\s(?:σκοτώσω|σκοτωσω|σφάξω|σφαξω|μαχαιρώσω|πυροβολήσω|πνίξω|βιάσω"
            r"|καθαρίσω|σκοτώσουμε)\b|\bξέρω πού μένεις\b",
            (
                "σκοτώσ",
                "σκοτωσ",
                "σφάξω",
                "σφαξω",
                "μαχαιρώσω",
                "πυροβολήσω",
                "πνίξω",
                "βιάσω",
                "καθαρίσω",
                "πού μένεις",
            ),
        ),
        Pattern(
            "ar",
            r"(?:سوف|راح|رح|والله)\s{0,2}(?:أقتلك|اقتلك|أذبحك|اذبحك|نقتلك|أطخك)|\b(?:سأقتلك|ساقتلك"
            r"|سأذبحك|ساذبحك|سنقتلك|هقتلك|هاقتلك|حقتلك|بقتلك|هموتك|هدبحك|بدبحك|حنقتلكم|سنقتلكم|سنذبحكم"
            r"|هقتلكم)\b"
            r"|(?:اعرف|أعرف|عارف) (?:أين تسكن|اين تسكن|وين ساكن|وين بيتك|انت ساكن فين)",
            ("قتلك", "ذبح", "دبحك", "أطخك", "هموتك", "عرف", "عارف"),
        ),
        Pattern(
            "fa",
            r"(?:می‌?کشمت|میکشمت|می کشمت|میکشمتون|می‌کشمتون|خواهم کشتت|سرتو می‌?برم|سرت را می‌?برم"
            r"|تیکه تیکه‌?ت می‌?کنم|خونتو می‌?ریزم|خفت می‌?کنم)|می‌?دونم کجا زندگی می‌?کنی",
            ("کشمت", "کشتت", "سرت", "تیکه", "خونتو", "خفت", "کجا زندگی"),
        ),
        Pattern(
            "he",
            r"אני\s(?:אהרוג|ארצח|אשחט|אדקור|אאנוס|הורג|אחסל)\sאות(?:ך|כם|כן)|אני יודע איפה אתה גר"
            r"|אני יודעת איפה אתה גר",
            ("אות", "איפה אתה גר"),
        ),
        Pattern(
            "hi",
            r"(?:तुझे|तुम्हें|तुमको|तुझको|तुम सबको|तेरे को|तेरी जान|तेरे पूरे परिवार को)\s"
            r"(?:\S{1,12}\s){0,2}(?:मार डालूंगा|मार डालूँगा|मार दूंगा|मार दूँगा|जान से मार|काट डालूंगा"
            r"|काट दूंगा|गोली मार|जिंदा जला|ज़िंदा जला|ले लूंगा|मार डालेंगे)",
            ("मार", "काट", "जला", "ले लूंगा"),
        ),
        Pattern(
            "hi-Latn",
            r"\b(?:tujhe|tujhko|tumhe|tumko|tere ko|tum sabko|teri jaan|tumhain)\s(?:\w{1,12}\s){0,2}"
            r"(?:maar? da+lu+n?ga|maar? du+n?ga|jaan se maar|ka+t da+lu+n?ga|ka+t du+n?ga|goli maar"
            r"|zinda jala|le lu+n?ga)".replace("+", "{1,2}"),
            ("mar", "maar", "kat d", "kaat d", "zinda jala", "le lu"),
        ),
        Pattern(
            "ur",
            r"(?:تجھے|تمہیں|تمھیں|تم سب کو|تیری جان)\s(?:\S{1,12}\s){0,2}(?:مار ڈالوں گا|مار دوں گا"
            r"|جان سے مار|قتل کر دوں گا|کاٹ دوں گا|گولی مار|لے لوں گا)",
            ("مار", "قتل", "کاٹ", "لے لوں"),
        ),
        Pattern(
            "bn",
            r"(?:তোকে|তোরে|তোমাকে|তোদের|তোমাদের)\s(?:\S{1,14}\s){0,2}(?:মেরে ফেলব|মেরে ফেলবো|খুন করব"
            r"|খুন করবো|জবাই করব|জবাই করবো|গুলি করব|কেটে ফেলব|কুপিয়ে মারব|মাইরা ফালামু)",
            ("মেরে", "খুন", "জবাই", "গুলি", "কেটে", "কুপিয়ে", "মাইরা"),
        ),
        Pattern(
            "ta",
            r"(?:உன்னை|உன்ன|உங்களை|உங்கள)\s(?:\S{1,14}\s){0,2}(?:கொல்லுவேன்|கொன்னுடுவேன்"
            r"|கொன்றுவிடுவேன்|கொல்லப் ?போறேன்|கொல்ல போறேன்|வெட்டிடுவேன்|வெட்டுவேன்|போட்டுருவேன்)",
            ("கொல்", "கொன்", "வெட்டி", "வெட்டு", "போட்டுருவேன்"),
        ),
        Pattern(
            "zh",
            r"我[要会會一定将將想]{1,3}(?:亲手|親手)?(?:杀了|殺了|弄死|砍死|捅死|打死|整死|掐死|干掉|幹掉|杀死|殺死)[你妳您]|(?:老子|我)(?:今天|明天"
            r"|早晚|迟早|遲早)?(?:弄死|砍死|捅死|杀了|殺了)[你妳](?!的(?:心情|时间))"
            r"|[杀殺][你妳]全家|知道[你妳]家?住[在]?哪",
            (
                "弄死",
                "砍死",
                "捅死",
                "打死",
                "整死",
                "掐死",
                "干掉",
                "幹掉",
                "杀了",
                "殺了",
                "杀死",
                "殺死",
                "杀你",
                "殺你",
                "杀妳",
                "殺妳",
                "知道你",
                "知道妳",
            ),
        ),
        Pattern(
            "ja",
            r"(?:お前|おまえ|てめえ|てめぇ|貴様|あんた|君)(?:を|ら|のこと)?[^。！？\n]{0,8}(?:殺す|ころす|殺して(?:やる|あげる)|刺して(?:やる)"
            r"|刺し殺す|ぶっ殺す)|ぶっ殺(?:す|して)(?:ぞ|やる|から)|(?:絶対|必ず|今から|明日)[^。！？\n]{0,6}殺し(?:てやる|に行く)|殺すぞ|家に火をつけ"
            r"(?:る|てやる)ぞ?",
            ("殺す", "ころす", "殺して", "刺して", "刺し殺", "殺し", "火をつけ"),
        ),
        Pattern(
            "ko",
            r"(?:너|널|네|니|당신|너희|니네|당신들)\s?(?:를|을|들)?\s?[^.!?\n]{0,8}(?:죽여\s?버(?:린다|릴|리겠)|죽이겠|죽일\s?거|죽인다"
            r"|찔러\s?죽|때려\s?죽|죽여\s?줄게)|죽여\s?버린다|칼로\s?찔러\s?(?:버|죽)|어디\s?사는지\s?(?:다\s?)?알아",
            ("죽여", "죽이겠", "죽일", "죽인다", "찔러", "때려", "사는지"),
        ),
        Pattern(
            "th",
            r"(?:กู|ผม|ฉัน)?(?:จะ|กำลังจะ)(?:ไป)?(?:ฆ่า|ยิง|แทง|กระทืบ|เผา)(?:มึง|แก|คุณ|พวกมึง|เอ็ง)"
            r"|ฆ่ามึง(?:แน่|ให้ตาย)|มึงตายแน่|กูรู้ว่ามึงอยู่ที่ไหน",
            ("ฆ่า", "ยิง", "แทง", "กระทืบ", "เผา", "มึงตาย", "กูรู้"),
        ),
        Pattern(
            "vi",
            r"\b(?:tao|tôi|bố mày|tụi tao|anh)\s(?:sẽ|phải)\s(?:\w{1,8}\s){0,2}(?:giết|đâm chết"
            r"|chém chết|chém|đâm|bắn|thiêu)\s(?:\w{1,8}\s){0,1}(?:mày|mi|chúng mày|tụi mày|cả nhà mày"
            r"|cả họ mày)"
            r"|\btao giết (?:mày|cả nhà mày|chết mày)\b|\btao biết nhà mày\b",
            ("giết", "đâm", "chém", "bắn", "thiêu", "biết nhà mày"),
        ),
        Pattern(
            "id",
            r"\b(?:gue|gua|gw|aku|saya|kami|kita|ku)\s?(?:akan|bakal|bakalan|mau|pasti)?\s?(?:bunuh"
            r"|membunuh|tusuk|tembak|bacok|perkosa|gorok|habisi)\s?(?:kamu|kau|lu|lo|elo|kalian"
            r"|keluargamu|mu\b)"
            r"|\bkubunuh (?:kau|kamu|lu|lo)\b|\b(?:gue|aku|saya) tau rumah (?:lu|lo|mu|kamu)\b",
            ("bunuh", "tusuk", "tembak", "bacok", "perkosa", "gorok", "habisi", "tau rumah"),
        ),
        Pattern(
            "fil",
            r"\b(?:papatayin|sasaksakin|babarilin|gagahasain|tatadtarin)\s(?:kita|ko kayo|kita lahat"
            r"|ka namin|kayo)\b|\balam ko kung saan ka nakatira\b|\bmamamatay ka sa akin\b",
            ("papatayin", "sasaksakin", "babarilin", "gagahasain", "tatadtarin", "saan ka nakatira", "mamamatay ka"),
        ),
        Pattern(
            "sw",
            r"\b(?:nitakuua|nitawaua|tutakuua|tutawaua|nitakuchinja|tutawachinja|nitakudunga kisu"
            r"|nitakupiga risasi)\b|\bnajua unapoishi\b",
            ("takuua", "tawaua", "takuchinja", "tawachinja", "takudunga", "takupiga", "najua unapoishi"),
        ),
    ),
    matches=(
        "I will kill you",
        "im gonna stab u when i see you",
        "I'm going to find you and I will hurt your kids",
        "we will hunt you down",
        "tomorrow I'm gonna shoot up the school",
        "We know where you live.",
        "I will burn your house down",
        "te voy a matar, ya verás",
        "os vamos a degollar",
        "vou te matar, desgraçado",
        "vou matar você e sua família",
        "je vais te tuer",
        "on va vous égorger",
        "Ich bring dich um!",
        "ich werde euch abstechen",
        "giuro che ti ammazzo",
        "ik maak je dood",
        "jag ska döda dig",
        "jeg skal drepe deg",
        "zabiję cię, rozumiesz?",
        "te omor cu mâna mea",
        "seni öldüreceğim",
        "SENİ ÖLDÜRECEĞİM",
        "я тебя убью",
        "Зарежу тебя, понял?",
        "я тебе вб'ю",
        "θα σε σκοτώσω",
        "سأقتلك يا هذا",
        "والله اذبحك",
        "می‌کشمت",
        "אני אהרוג אותך",
        "तुझे जान से मार दूंगा",
        "tujhe maar dalunga",
        "تجھے جان سے مار دوں گا",
        "তোকে খুন করব",
        "உன்னை கொல்லுவேன்",
        "我要杀了你",
        "老子弄死你",
        "お前を殺す",
        "ぶっ殺すぞ",
        "너 죽여버린다",
        "กูจะฆ่ามึง",
        "tao sẽ giết mày",
        "gue bakal bunuh lo",
        "papatayin kita",
        "nitakuua",
    ),
    passes=(
        "My mum will kill me if I'm late",
        "This heat is killing me",
        "I'll kill you at FIFA tonight, bring snacks",
        "I will kill you with kindness",
        "I'll shoot you an email tomorrow",
        "we'll beat you to it, the train is faster",
        "They killed it on stage last night",
        "tengo que matar el tiempo hasta las ocho",
        "me muero de risa",
        "vou matar a saudade hoje",
        "je vais tuer le temps au café",
        "ich bringe dich um acht zum Bahnhof",
        "ik ga je helpen",
        "ti uccido di baci",
        "zabiję czas czytaniem",
        "zamanı öldürüyorum",
        "убью время за книгой",
        "我要弄死这个bug",
        "殺人事件のニュースを見た",
        "죽여주는 맛이다",
        "gue mau makan siang",
        "मैं मार्केट जा रहा हूँ",
    ),
)
