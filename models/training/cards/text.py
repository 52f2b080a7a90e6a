"""The parts of a card that hold for every kind."""

POLICY = """\
## Policy and taxonomy

| label | means here |
|---|---|
| toxicity | insulting, abusive, hateful or otherwise offensive by the source's own guideline |
| hate | attacks people for a protected or group trait (religion, origin, gender, orientation, ...) |
| threat | threatens, incites or wishes physical harm |
| sexual | sexual content or harassment; sources that use the word for obscene language are left out |
| self_harm | suicide, self-injury |
| spam | unsolicited advertising or fraud, in SMS and e-mail |

The sources drew their lines differently, and mapping them to one label hides that: `toxicity` is a union of
guidelines, not one policy. Before acting on scores, compare them with reviewed items under your own policy."""

ANNOTATION = """\
## Annotation

Labels are those of the sources: crowd workers (majority of three or more for most), trained students, experts or a
moderation community, and for the training rows of the Chinese source partly a model. Agreement differs widely, and
the multilingual source for Arabic, English and French has so little that it counts less. No text was annotated by
this project, and nobody here re-checked samples in every language. Sources masked user names and links in different
ways, so handles and addresses carry no reliable meaning."""

BASE_RATES = """\
- **Base rates.** The data are far richer in harm than real traffic, and calibration was fitted on their validation
  part. A probability of 0.8 is right for a stream mixed like the data; on real traffic it overstates. Set bands on
  your own stream, and calibrate again when reviewed items allow it."""

DIALECT = """\
- **Dialect and identity.** A large English source was gathered by keywords and over-represents African American
  English among the rows called offensive; expect false alarms on dialect, reclaimed words, quotation, counter-speech
  and plain mentions of identity terms."""

AGE = """\
- **Age and place.** Sources date from 2002 to 2024 and from few platforms; the spam ones are the oldest."""

INTENDED = """\
Intended: sorting a stream into what can pass, what a stronger level must read, and what a person should see. Not
intended: removing content or judging people on this score alone, or any language without evidence."""
