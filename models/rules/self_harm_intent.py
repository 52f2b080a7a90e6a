"""First-person words of suicidal intent or self-injury: a cry for help."""

from models.rules import Pattern, Rule

RULE = Rule(
    name="self_harm_intent",
    label="self_harm",
    severity=3,
    note="The writer may be in danger: offer help and local crisis contacts, do not punish, and be quick.",
    patterns=(
        Pattern(
            "en",
            r"\b(?:i|i['’]m|i am|im|imma|gonna)\s(?:(?!almost\b|nearly\b|never\b"
            r"|accidentally\b)\w{1,10}\s){0,4}(?:kill(?:ing)? myself|end"
            r"(?:ing)? my (?:own )?life|end(?:ing)? it all|hang(?:ing)? myself|cut(?:ting)? myself"
            r"|hurt(?:ing)? myself|harm(?:ing)? myself|overdose|unalive myself|slit"
            r"(?:ting)? my wrists)\b"
            r"|\bi (?:just )?(?:want|wanna|want to|need to|wish i could) (?:to )?die\b(?!\s(?:of|from"
            r"|laughing))|\bi (?:don['’]?t|dont|do not) want to (?:live|be alive|be here|exist"
            r"|wake up)\b(?:\sanymore)?"
            r"|\bi(?:['’]m| am) (?:suicidal|better off dead)\b|\b(?:feeling|feel) suicidal\b|\b"
            r"(?:everyone|they|world)(?:['’]d| would) be better off without me\b|\bmy suicide note\b"
            r"|\bno reason to (?:live|go on)\b",
            (
                "myself",
                "my life",
                "my own life",
                "end it all",
                "ending it all",
                "overdose",
                "my wrists",
                "die",
                "want to live",
                "be alive",
                "be here",
                "exist",
                "wake up",
                "suicid",
                "off dead",
                "without me",
                "no reason to",
            ),
        ),
        Pattern(
            "es",
            r"\b(?:me (?:quiero|voy a|quisiera|gustaría)|quiero|voy a)\s(?:matar(?:me)?|morir(?:me)?"
            r"|suicidar(?:me)?|cortarme las venas|ahorcar(?:me)?|quitar(?:me)? la vida)\b(?!\sde)"
            r"|\bno quiero (?:vivir|seguir viviendo|existir)\b(?!\s(?:en|con|sin|solo|sola|aquí|ahí"
            r"|juntos|tan|demasiado|cerca|lejos|como))|\bya no quiero estar (?:aquí|viv)"
            r"|\bestarían mejor sin mí\b|\bpienso en suicid",
            ("matar", "morir", "suicid", "las venas", "ahorcar", "la vida", "no quiero", "mejor sin mí"),
        ),
        Pattern(
            "pt",
            r"\b(?:quero|vou|penso em|queria)\s(?:me\s)?(?:matar|suicidar|morrer|enforcar|me matar"
            r"|acabar com (?:a )?(?:minha )?vida|tirar (?:a )?minha (?:própria )?vida"
            r"|cortar os pulsos)\b(?!\s(?:a |o |as |os |de|saudade|aula|tempo))|\b(?:quero"
            r"|vou) me matar\b|\bnão (?:quero|aguento) mais viver\b|\btodos ficariam melhor sem mim\b",
            ("matar", "suicidar", "morrer", "enforcar", "vida", "os pulsos", "mais viver", "sem mim"),
        ),
        Pattern(
            "fr",
            r"\b(?:je veux|j['’]ai envie de|je vais|je voudrais|envie de)\s(?:mourir|crever"
            r"|me suicider|me tuer|me pendre|en finir|m['’]ouvrir les veines|mettre fin à mes jours)\b"
            r"(?!\sde|\savec (?:ce|cette|le|la))|\bje (?:ne )?veux plus (?:vivre|exister|être là)\b"
            r"(?!\s(?:avec|dans|à|chez|ici|comme))|\bils seraient mieux sans moi\b"
            r"|\bpensées suicidaires\b",
            (
                "mourir",
                "crever",
                "suicid",
                "me tuer",
                "me pendre",
                "en finir",
                "les veines",
                "à mes jours",
                "veux plus",
                "mieux sans moi",
            ),
        ),
        Pattern(
            "de",
            r"\bich (?:will|möchte|werde|kann)\s(?:\w{1,12}\s){0,3}(?:nicht mehr leben|sterben"
            r"|mich umbringen|mir das leben nehmen|mich töten|mich ritzen|tot sein|mich erhängen)\b"
            r"|\bich bring(?:e)? mich um\b|\bwill einfach (?:nur )?(?:tot sein|sterben)\b|\bich habe "
            r"(?:\w{1,12}\s){0,1}(?:suizidgedanken|selbstmordgedanken)\b"
            r"|\balle wären ohne mich besser dran\b|\bich will nicht mehr leben\b",
            (
                "leben",
                "sterben",
                "umbringen",
                "mich um",
                "mich töten",
                "ritzen",
                "tot sein",
                "erhängen",
                "suizidgedanken",
                "selbstmordgedanken",
                "ohne mich",
            ),
        ),
        Pattern(
            "it",
            r"(?<!non )\b(?:voglio|vorrei|sto per|ho voglia di)\s(?:morire|uccidermi|ammazzarmi|farla finita"
            r"|togliermi la vita|suicidarmi|impiccarmi|tagliarmi le vene)\b(?!\sdal? )|\bmi (?:ammazzo"
            r"|uccido|tolgo la vita)\b|\bnon voglio più vivere\b|\bstarebbero "
            r"(?:tutti )?meglio senza di me\b",
            (
                "morire",
                "uccid",
                "ammazz",
                "farla finita",
                "la vita",
                "suicidarmi",
                "impiccarmi",
                "le vene",
                "più vivere",
                "senza di me",
            ),
        ),
        Pattern(
            "nl",
            r"\bik (?:wil|ga)\s(?:(?!liever\b)\w{1,10}\s){0,2}(?:dood(?!\s(?:gaan aan|van))"
            r"|niet meer leven|zelfmoord plegen"
            r"|er een einde aan maken|mezelf (?:iets aandoen|snijden|ophangen|van kant maken|doden))\b"
            r"|\bik (?:maak er een einde aan|wil niet meer leven|denk aan zelfmoord)\b"
            r"|\biedereen is beter af zonder mij\b",
            ("dood", "leven", "zelfmoord", "een einde aan", "mezelf", "zonder mij"),
        ),
        Pattern(
            "pl",
            r"\b(?:chcę|chce|zamierzam|mam ochotę)\s(?:\w{1,10}\s){0,2}(?:umrzeć|się zabić|zabić się"
            r"|popełnić samobójstwo|skończyć ze sobą|odebrać sobie życie|się pociąć|się powiesić)\b|\b"
            r"(?:zabiję|zabije|powieszę|potnę) się\b|\bnie chc[ęe] (?:już |mi się )?(?:już )?żyć\b"
            r"|\bmam myśli samobójcze\b",
            ("umrzeć", "zabi", "samobój", "ze sobą", "sobie życie", "pociąć", "powiesi", "powieszę", "potnę", "żyć"),
        ),
        Pattern(
            "tr",
            r"\b(?:ölmek|kendimi öldürmek|intihar etmek|kendimi asmak|canıma kıymak)\s"
            r"(?:\w{1,10}\s){0,1}istiyorum\b|\b(?:kendimi öldüreceğim|intihar edeceğim"
            r"|canıma kıyacağım|kendimi asacağım|kendimi kesiyorum|bileklerimi keseceğim)\b|\b"
            r"(?:artık )?yaşamak istemiyorum\b|\bhayatıma son ver",
            (
                "ölmek",
                "öldür",
                "intihar",
                "asmak",
                "canıma",
                "asacağım",
                "kendimi kes",
                "bileklerimi",
                "yaşamak",
                "son ver",
            ),
        ),
        Pattern(
            "ru",
            r"\b(?:хочу|хочется|собираюсь|буду)\s(?:\w{1,10}\s){0,2}(?:умереть|сдохнуть"
            r"|покончить с собой|повеситься|убить себя|вскрыть вены|вскрыться|выпилиться|порезать себя"
            r"|свести сч[её]ты с жизнью)\b|\bя (?:убью себя|покончу с собой|повешусь|вскроюсь|выпилюсь"
            r"|режу себя)\b|\b(?:не хочу|нет сил|больше не могу) (?:больше )?(?:жить|существовать)\b"
            r"(?!\s(?:в|с|на|так|здесь|тут))|\bмысли о (?:суициде|самоубийстве)\b"
            r"|\bвсем будет лучше без меня\b",
            (
                "умереть",
                "сдохнуть",
                "с собой",
                "пове",
                "себя",
                "вены",
                "вскр",
                "выпил",
                "жизнью",
                "жить",
                "существовать",
                "суицид",
                "самоубий",
                "без меня",
            ),
        ),
        Pattern(
            "uk",
            r"\b(?:хочу|хочеться|збираюся)\s(?:\w{1,10}\s){0,2}(?:померти|вмерти|здохнути"
            r"|накласти на себе руки|повіситися|вбити себе|порізати вени)\b|\bя (?:вб['’ʼ]ю себе"
            r"|повішуся|ріжу себе)\b|\bне хочу (?:більше )?жити\b(?!\s(?:в|у|з|на|так|тут))"
            r"|\bдумки про (?:суїцид|самогубство)\b",
            ("мерти", "здохнути", "руки", "пові", "себе", "вени", "жити", "суїцид", "самогуб"),
        ),
        Pattern(
            "ar",
            r"(?:أريد|اريد|ابغى|أبغى|بدي|عايز|عايزة|نفسي|ودي|حابب|قررت)\s(?:أن\s)?(?:أموت|اموت|انتحر"
            r"|أنتحر|أقتل نفسي|اقتل نفسي|اموت نفسي|أنهي حياتي|انهي حياتي)|(?:سأنتحر|سانتحر|هنتحر"
            r"|راح انتحر|رح انتحر|حنتحر)|(?:لا أريد|ما ابغى|ما بدي|مش عايز|مش عايزة) (?:أن )?(?:أعيش"
            r"|اعيش)(?: بعد)?",
            ("موت", "نتحر", "نفسی", "حیاتی", "عیش"),
        ),
        Pattern(
            "fa",
            r"(?:می‌?خوام|میخوام|می‌?خواهم|دلم می‌?خواد)\s(?:\S{1,8}\s){0,1}(?:بمیرم|خودمو بکشم"
            r"|خودم را بکشم|خودم رو بکشم|خودکشی کنم|رگمو بزنم)|(?:خودکشی می‌?کنم|خودمو می‌?کشم"
            r"|دیگه نمی‌?خوام زنده|نمی‌?خوام زنده باشم|دیگه نمی‌?خوام زندگی کنم)",
            ("بمیرم", "بکشم", "خودکشی", "خودمو", "رگمو", "زنده", "زندگی کنم"),
        ),
        Pattern(
            "hi",
            r"(?:मैं|मुझे|मेरा)\s(?:\S{1,12}\s){0,4}(?:आत्महत्या कर|मरना चाहत|मर जाना चाहत|मर जाऊं"
            r"|खुदकुशी कर|जीना नहीं चाहत|जान दे दूं|जान देना चाहत|मरना है|फांसी लगा लूं)",
            ("आत्महत्या", "मरना", "मर जा", "खुदकुशी", "जीना", "जान दे", "फांसी"),
        ),
        Pattern(
            "hi-Latn",
            r"\b(?:main?|mai|mujhe|mera)\s(?:\w{1,12}\s){0,4}(?:suicide kar|marna chaht|mar jana chaht"
            r"|marna hai|khudkushi kar|jeena nahi chaht|jeena nahi hai|jaan de du|phansi laga)",
            ("suicide", "marna", "mar jana", "khudkushi", "jeena nahi", "jaan de", "phansi"),
        ),
        Pattern(
            "zh",
            r"我(?:真的|好|只|就|很|已经|現在|现在|也|都){0,2}(?:想|要|打算|准备|準備)(?:去)?(?:死|自杀|自殺|结束生命|結束生命|割腕|跳楼|跳樓|上吊"
            r"|轻生|輕生)(?!你|我了这|机|守)|(?:不想|不想要)(?:再)?活(?:了|下去)|活不下去了|(?:大家|他们|家人)没有我会更好|想结束自己的生命",
            ("死", "自杀", "自殺", "生命", "割腕", "跳楼", "跳樓", "上吊", "轻生", "輕生", "活", "没有我"),
        ),
        Pattern(
            "ja",
            r"(?:もう|本当に|毎日|今すぐ)[^。！？\n]{0,8}(?:死にたい|消えたい|消えてしまいたい|生きていたくない|自殺したい)|死にたい(?:です|よ|な|。|$)"
            r"|自殺(?:したい|しよう|する(?:つもり|しか))|生きるのが(?:辛い|つらい|しんどい|嫌)|生きていたくない|リスカ(?:した|して|しちゃ)|首を?吊(?:りたい"
            r"|ろう)",
            ("死にたい", "消えた", "消えてしま", "生きて", "自殺", "生きるのが", "リスカ", "吊"),
        ),
        Pattern(
            "ko",
            r"(?:죽고\s?싶(?:다|어|네|은데|습니다)|자살(?:하고\s?싶|할\s?거|하려고|할래)|살고\s?싶지\s?않|살기\s?싫(?:다|어|네)"
            r"|그만\s?살고\s?싶|극단적(?:인)?\s?선택을?\s?(?:하고\s?싶|하려)|목\s?매달고\s?싶|손목\s?(?:을\s?)?그(?:었|을))",
            ("죽고", "자살", "살고", "살기", "극단적", "매달고", "손목"),
        ),
        Pattern(
            "th",
            r"อยาก(?:จะ)?(?:ตาย|ฆ่าตัวตาย|จบชีวิต|หายไปจากโลก)(?!เลยขำ|ขำ)|ไม่อยาก(?:มีชีวิตอยู่"
            r"|อยู่บนโลก|อยู่แล้ว|หายใจแล้ว)|(?:จะ|คิด)ฆ่าตัวตาย|(?:จะ|อยาก)กรีดข้อมือ",
            ("อยาก", "ฆ่าตัวตาย", "กรีดข้อมือ"),
        ),
        Pattern(
            "vi",
            r"\b(?:tôi|mình|em|tao|con|tớ)\s(?:(?!mệt\b|đau\b|đói\b|mắc\b|chán\b)\w{1,8}\s){0,2}"
            r"(?:muốn|định|sẽ)\s(?:\w{1,8}\s){0,1}"
            r"(?:chết|tự tử|tự sát|kết thúc cuộc đời|kết liễu|rạch tay)\b(?!\s(?:cười|mê|mệt))"
            r"|\bkhông muốn sống nữa\b|\bchán sống (?:quá|rồi|lắm)\b|\bmuốn chết quá\b",
            ("chết", "tự tử", "tự sát", "cuộc đời", "kết liễu", "rạch tay", "không muốn sống", "chán sống"),
        ),
        Pattern(
            "id",
            r"\b(?:aku|gue|gua|gw|saya)\s(?:\w{1,8}\s){0,3}(?:mau mati|ingin mati|pengen mati"
            r"|pingin mati|mau bunuh diri|ingin bunuh diri|pengen bunuh diri|akan bunuh diri"
            r"|mengakhiri hidup|akhiri hidup|nyilet tangan)\b|\b(?:gak|ga|nggak|tidak) (?:mau|ingin"
            r"|pengen) hidup lagi\b|\bcapek hidup\b",
            ("mati", "bunuh diri", "akhiri hidup", "nyilet", "hidup lagi", "capek hidup"),
        ),
        Pattern(
            "sw",
            r"\b(?:nataka|ninataka|natamani|nitajaribu)\s(?:kufa|kujiua|kujinyonga|kujitoa uhai)\b|\b"
            r"(?:nitajiua|najiua|sitaki kuishi tena|sitaki kuishi)\b",
            ("kufa", "jiua", "jinyonga", "uhai", "kuishi"),
        ),
    ),
    matches=(
        "i want to kill myself",
        "I don't want to be here anymore",
        "im going to end it all tonight",
        "honestly i just want to die",
        "everyone would be better off without me",
        "me quiero morir",
        "voy a matarme esta noche",
        "já não quero mais viver assim, não quero mais viver",
        "quero me matar",
        "je veux mourir",
        "j'ai envie d'en finir, je veux en finir",
        "Ich will nicht mehr leben",
        "ich bring mich um",
        "voglio morire",
        "ik wil niet meer leven",
        "nie chcę już żyć",
        "ölmek istiyorum",
        "artık yaşamak istemiyorum",
        "я хочу умереть",
        "не хочу больше жить",
        "хочу померти",
        "اريد ان اموت، اريد اموت",
        "عايز أنتحر",
        "می‌خوام بمیرم",
        "मैं मरना चाहता हूँ",
        "mai suicide kar lunga",
        "我想死",
        "我不想活了",
        "もう死にたい",
        "죽고 싶다",
        "อยากตาย",
        "tôi muốn chết",
        "aku pengen mati aja",
        "nataka kufa",
    ),
    passes=(
        "I want to die of laughter, stop it",
        "my phone is dying, call you later",
        "this cake is to die for",
        "No quiero vivir en una ciudad tan grande",
        "me quiero morir de risa",
        "Suicide prevention week starts on Monday: call 988 if you need help",
        "je veux mourir de rire",
        "Ich will im Süden leben",
        "не хочу жить в этом городе",
        "quero matar a saudade de casa",
        "我想你了",
        "我想死你了",
        "sou capaz de morrer de rir com ele",
        "The film is about a man who wanted to die",
        "voglio vivere al mare",
        "I almost cut myself with the new knife",
        "Tớ mệt muốn chết đi được",
        "No quiero vivir demasiado cerca del trabajo",
        "mau makan apa hari ini",
    ),
)
