"""Telling somebody to kill themselves."""

from models.rules import Pattern, Rule

RULE = Rule(
    name="self_harm_encouragement",
    label="self_harm",
    severity=3,
    note="Abuse of somebody who may be at risk: act on the post, and think of the person it was sent to.",
    patterns=(
        Pattern(
            "en",
            r"\bkys\b|\bk\.y\.s\b|\b(?:go|just|pls|please|should|and|to|can you|u|you)\s(?:(?!not\b"
            r"|never\b|dont\b)\w{1,8}\s){0,2}(?:kill|hang|neck|off|rope|unalive)\s(?:yourself|urself"
            r"|yourselves|ur self|yaself)\b|^\s{0,5}(?:kill|hang|neck) (?:yourself|urself"
            r"|yourselves)\b"
            r"|\bdrink bleach\b(?!\sis)|\b(?:slit|cut) (?:your|ur) wrists\b|\bjump off a (?:bridge"
            r"|cliff|building)\b|\bdo (?:us all|everyone|the world) a favou?r and (?:die|kill|end)\b",
            (
                "kys",
                "k.y.s",
                "self",
                "yourselves",
                "drink bleach",
                "wrists",
                "jump off a",
                "a favor and",
                "a favour and",
            ),
        ),
        Pattern(
            "es",
            r"\b(?:mátate|matate|suicídate|suicidate|ahórcate|ahorcate|córtate las venas"
            r"|tírate de un puente|tirate de un puente|muérete|muerete|péguese un tiro"
            r"|pégate un tiro)\b(?!\sde (?:envidia|risa|la risa|amor))|\bdeberías (?:matarte"
            r"|suicidarte)\b|\bojalá te (?:mates|suicides|mueras)\b",
            (
                "mátate",
                "mat",
                "suic",
                "hórcate",
                "ahorcate",
                "las venas",
                "de un puente",
                "muérete",
                "muerete",
                "un tiro",
                "mueras",
            ),
        ),
        Pattern(
            "pt",
            r"\b(?:se mata|te mata|mata-te|suicide-se|se suicida|vai se matar|se enforca|pula da ponte"
            r"|corta os pulsos)(?: logo| de uma vez| aí| lixo|,|!|\.|$)|\b(?:devia|deveria|devias) "
            r"(?:se |te )?(?:matar|suicidar)(?:-te|-se)?\b|\btomara que (?:você )?(?:morra|se mate)\b",
            ("mata", "suicid", "enforca", "pula da ponte", "os pulsos", "tomara que"),
        ),
        Pattern(
            "fr",
            r"\b(?:suicide-toi|suicide toi|tue-toi|tue toi|va te pendre|pends-toi|pends toi|va te tuer"
            r"|va te suicider|(?<!il )(?<!elle )(?<!on )(?<!qui )va mourir(?! de)|allez mourir(?! de)"
            r"|jette-toi d['’]un pont|ouvre-toi les veines)\b|\btu (?:devrais|ferais mieux de) (?:te "
            r"(?:tuer|suicider|pendre)|crever|mourir)\b",
            (
                "suicide",
                "tue-toi",
                "tue toi",
                "pend",
                "te tuer",
                "mourir",
                "d'un pont",
                "d’un pont",
                "les veines",
                "crever",
            ),
        ),
        Pattern(
            "de",
            r"\b(?:bring dich (?:doch )?(?:endlich )?um|häng dich auf|erhäng dich|geh sterben|stirb "
            r"(?:doch|endlich)|spring (?:doch )?(?:von der brücke|vor den zug|aus dem fenster)|begeh "
            r"(?:doch )?selbstmord|ritz dich (?:doch )?)\b|\bdu solltest dich (?:umbringen|erhängen)\b",
            ("bring dich", "häng dich", "geh sterben", "stirb", "spring", "selbstmord", "ritz dich", "solltest dich"),
        ),
        Pattern(
            "it",
            r"\b(?:ammazzati|ucciditi|suicidati|impiccati|sparati|tagliati le vene|buttati (?:giù )?"
            r"(?:da un ponte|sotto un treno))\b|\bdovresti (?:ammazzarti|ucciderti|suicidarti)\b",
            ("ammazz", "ucci", "suicid", "impiccati", "sparati", "le vene", "buttati"),
        ),
        Pattern(
            "nl",
            r"\b(?:pleeg (?:toch |eens )?zelfmoord|maak jezelf (?:van kant|dood)|hang jezelf op|ga "
            r"(?:toch )?dood|spring (?:toch )?(?:voor de trein|van een brug))\b",
            ("zelfmoord", "jezelf", "dood", "spring"),
        ),
        Pattern(
            "pl",
            r"\b(?:zabij się|zabij sie|powieś się|powies sie|potnij się|idź się zabij|idz sie zabij"
            r"|idź się powieś|skocz z mostu|zdechnij)\b|\bpowin(?:ieneś|naś) się (?:zabić|powiesić)\b",
            ("zabij", "zabić", "powie", "potnij", "z mostu", "zdechnij"),
        ),
        Pattern(
            "tr",
            r"\b(?:öldür kendini|kendini öldür|intihar et|git öl|geber git|kendini as|atla köprüden"
            r"|bileklerini kes)\b|\bkendini (?:öldürmelisin|asmalısın)\b",
            ("öldür", "intihar et", "git öl", "geber git", "kendini as", "köprüden", "bileklerini"),
        ),
        Pattern(
            "ru",
            r"\b(?:убей себя|убейся|выпились|выпились уже|вскройся|повесься|сдохни|суицидни"
            r"|самовыпились|прыгни с (?:моста|крыши)|иди (?:повесься|убейся|вскройся|сдохни)"
            r"|наложи на себя руки|роскомнадзорнись)\b",
            (
                "убей",
                "выпились",
                "вскройся",
                "повесься",
                "сдохни",
                "суицидни",
                "прыгни",
                "наложи",
                "роскомнадзорнись",
            ),
        ),
        Pattern(
            "uk",
            r"\b(?:убий себе|вбий себе|вбийся|убийся|повісься|здохни|вистрибни у вікно|стрибни з "
            r"(?:мосту|даху)|йди (?:повісься|вбийся|здохни))\b",
            ("бий", "повісься", "здохни", "вистрибни", "стрибни"),
        ),
        Pattern(
            "ar",
            r"(?:اقتل نفسك|أقتل نفسك|اقتلي نفسك|انتحر يا|انتحري يا|روح انتحر|روحي انتحري|روح موت"
            r"|روح موّت نفسك|موت نفسك|موتي نفسك|اشنق نفسك|ليتك تنتحر|يا ليتك تموت|ياليتك تموت)",
            ("نفسک", "نتحر", "روح موت", "تموت"),
        ),
        Pattern(
            "fa",
            r"(?:برو خودتو بکش|خودتو بکش|خودت رو بکش|خودت را بکش|برو بمیر|خودکشی کن(?:\s|$)|برو خودکشی|رگتو بزن)",
            ("بکش", "بمیر", "خودکشی", "رگتو"),
        ),
        Pattern(
            "hi",
            r"(?:जा मर जा|मर जा तू|मर क्यों नहीं जात|जाकर मर|जा के मर|आत्महत्या कर ले(?!ग|त)"
            r"|फांसी लगा ले(?!ग|त)|खुदकुशी कर ले(?!ग|त)|चुल्लू भर पानी में डूब मर)",
            ("मर", "आत्महत्या", "फांसी", "खुदकुशी"),
        ),
        Pattern(
            "hi-Latn",
            r"\b(?:ja mar ja|ja ke mar ja|jaake mar|mar kyu nahi jata|mar kyun nahi jata"
            r"|suicide kar le|phansi laga le|fansi laga le|khudkushi kar le|doob mar|doob ke mar)\b",
            ("mar", "suicide kar", "ansi laga", "khudkushi"),
        ),
        Pattern(
            "zh",
            r"(?:你|妳|你们)?(?:怎么|怎麼|为什么|為什麼|咋)(?:还|還)?不去(?:死|自杀|自殺|跳楼|跳樓)|(?:快|赶紧|趕快|早点|你)去(?:死|自杀|自殺|跳楼"
            r"|跳樓|上吊)(?:吧|啊|啦|好了|！|!)|(?:赶紧|快点?|趕快)(?:自杀|自殺|跳楼|跳樓)(?:吧|啊)",
            ("去死", "自杀", "自殺", "跳楼", "跳樓", "上吊"),
        ),
        Pattern(
            "ja",
            r"自殺しろ|首吊れ|首を吊れ|飛び降りろ|(?:早く|さっさと|今すぐ|お前|おまえ|頼むから|マジで)(?:が|は)?(?:死ね|氏ね|タヒね)(?![ばなる])|死んで"
            r"(?:ください|くれ|詫びろ)(?:よ|。|！|$)|この世から消えろ|生きてる価値(?:が)?(?:ない|無い)(?:よ|から|だろ|奴|やつ)",
            ("自殺しろ", "吊れ", "飛び降りろ", "死ね", "氏ね", "タヒね", "死んで", "消えろ", "生きてる価値"),
        ),
        Pattern(
            "ko",
            r"(?:나가\s?(?:죽어|뒤져|뒈져)|자살해(?:라|버려)?(?:\s|[!.]|$)|(?:빨리|그냥|제발)\s?(?:죽어(?:라|버려)?|뒤져(?:라|버려)?"
            r"|자살해)(?:\s|[!.]|$)|한강\s?(?:가라|가서\s?뛰어)|재기해(?:라)?(?:\s|[!.]|$)|목\s?매달아\s?죽)",
            ("죽어", "뒤져", "뒈져", "자살해", "한강", "재기해", "매달아"),
        ),
        Pattern(
            "th",
            r"(?:มึง|แก|เธอ)?ไป(?:ตายซะ|ตายห่า|ผูกคอตาย|โดดตึก|ฆ่าตัวตาย(?:ซะ|เลย|เถอะ))|ฆ่าตัวตายซะ|ไปตายเถอะ",
            ("ไปตาย", "ผูกคอตาย", "โดดตึก", "ฆ่าตัวตาย"),
        ),
        Pattern(
            "vi",
            r"\b(?:tự tử đi|tự sát đi|(?<!muốn )chết đi(?! được)|nhảy lầu đi|nhảy cầu đi|treo cổ đi)\b",
            ("tự tử đi", "tự sát đi", "chết đi", "nhảy", "treo cổ"),
        ),
        Pattern(
            "id",
            r"\b(?:bunuh diri (?:aja|saja|sana|lu|lo|gih)|mati aja (?:lu|lo|sana|kau|kamu)|mending "
            r"(?:lu|lo|kamu|kau) mati|gantung diri (?:aja|sana)|loncat dari (?:gedung|jembatan) sana"
            r"|pergi mati|mati la kau)\b",
            ("bunuh diri", "mati", "gantung diri", "loncat dari"),
        ),
        Pattern(
            "fil",
            r"\b(?:magpakamatay ka|magbigti ka|mamatay ka na|patayin mo (?:na )?sarili mo|tumalon ka sa tulay)\b",
            ("magpakamatay", "magbigti", "mamatay ka", "sarili mo", "tumalon ka"),
        ),
        Pattern(
            "sw",
            r"\b(?:jiue|jiueni|nenda ukajiue|jinyonge|nenda ukafe|ufe tu)\b",
            ("jiue", "jinyonge", "ukafe", "ufe tu"),
        ),
    ),
    matches=(
        "kys",
        "just go kill yourself already",
        "Kill yourself.",
        "do us all a favor and die",
        "mátate ya",
        "deberías suicidarte",
        "se mata logo, ninguém gosta de você",
        "suicide-toi",
        "tu devrais te tuer",
        "bring dich endlich um",
        "geh sterben",
        "ammazzati",
        "pleeg zelfmoord",
        "zabij się",
        "git öl",
        "убей себя",
        "повісься",
        "اقتل نفسك",
        "برو خودتو بکش",
        "जा मर जा",
        "ja mar ja",
        "你怎么不去死",
        "赶紧去死吧",
        "さっさと死ね",
        "나가 죽어",
        "ไปตายซะ",
        "mày chết đi",
        "mending lo mati",
        "mamatay ka na",
        "nenda ukajiue",
    ),
    passes=(
        "Please don't kill yourself, we love you",
        "please do not kill yourself, people care",
        "be yourself and have fun",
        "muérete de envidia, mira mi bici nueva",
        "il va mourir de rire",
        "wie bringe ich das Auto um die Ecke",
        "go help yourself to some cake",
        "他去死海旅游了",
        "死ぬほど美味しい",
        "배고파 죽겠다",
        "la batteria è morta",
        "वह आत्महत्या कर लेगा, उसने कहा था",
        "ga door met je leven",
        "Never drink bleach is what the label says",
    ),
)
