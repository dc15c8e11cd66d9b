/**
 * What is asked of the memory in entries.ts, and the entries that answer it. All of it is invented: most questions
 * paraphrase on purpose, so that they share no content word with their answer, and the last ones hinge on an
 * identifier that has a near twin among the entries.
 */
export interface Question {
  ask: string
  /** The ids of all entries that answer it. */
  expect: string[]
}

/** These need the meaning: their words are not those of the answer. */
export const PARAPHRASED: readonly Question[] = [
  { ask: 'On which day will the surgeon work on the joint in her leg?', expect: ['e001'] },
  { ask: 'What kind of nuts gives the little girl a skin rash?', expect: ['e005'] },
  { ask: "Where can the boy's backup asthma medicine be found?", expect: ['e008'] },
  { ask: 'Which drug does grandpa swallow for his hypertension?', expect: ['e009'] },
  { ask: 'Who dreads having his teeth looked at?', expect: ['e012'] },
  { ask: 'Who avoids caffeine late in the day so as to get some rest at night?', expect: ['e015'] },
  { ask: 'What should I do when the central heating shows too low a reading on its gauge?', expect: ['e017'] },
  { ask: 'How can visitors find out what to type in to get online?', expect: ['e019'] },
  { ask: 'How can someone get in after locking themselves out of our home?', expect: ['e022'] },
  { ask: 'When do we have to leave empty bottles and cans at the kerb?', expect: ['e025'] },
  { ask: 'What would new tiles over the entrance cost?', expect: ['e030'] },
  { ask: 'Why do my cakes come out burnt?', expect: ['e037'] },
  { ask: "What is beeping in the baby's bedroom?", expect: ['e039'] },
  { ask: 'Who looks after the greenery during our holidays?', expect: ['e041'] },
  { ask: 'How long does our home loan keep its current interest?', expect: ['e044'] },
  { ask: 'Where does the cleaning machine keep getting caught?', expect: ['e047'] },
  { ask: 'Where is the proof of purchase for the refrigerator?', expect: ['e050'] },
  { ask: 'Which adult suggested our son move up a class early?', expect: ['e055'] },
  { ask: 'What sort of birthday celebration has our daughter asked for?', expect: ['e058'] },
  { ask: 'Until what hour can the sitter stay with the kids?', expect: ['e062'] },
  { ask: 'Whose travel documents run out this summer?', expect: ['e064'] },
  { ask: 'Where does the hound go when loud bangs frighten him?', expect: ['e067'] },
  { ask: 'Which flavour of dry food is acceptable to the feline?', expect: ['e070'] },
  { ask: 'Which reptile spends the winter in a refrigerator for bottles?', expect: ['e074'] },
  { ask: 'Who is looking after our snow wheels until it gets cold?', expect: ['e080'] },
  { ask: 'How much less far can the battery car go when it is icy?', expect: ['e083'] },
  { ask: 'How did he finance the bicycle he carries loads with?', expect: ['e086'] },
  { ask: 'Which colleagues should get a dish with no animal flesh at all?', expect: ['e091', 'e092'] },
  { ask: 'Who has to be served gluten-free bread?', expect: ['e093'] },
  { ask: 'What name was given to the culture that makes the bread rise?', expect: ['e098'] },
  { ask: 'Where does the couple celebrate their wedding date each year?', expect: ['e100'] },
  { ask: 'Who has not paid his share of the office fund for hot drinks?', expect: ['e104'] },
  { ask: 'Which kind of wine would he keep for himself?', expect: ['e108'] },
  { ask: 'Who in the household suffers from motion sickness?', expect: ['e113', 'e114'] },
  { ask: 'What is wrong with her camping shelter?', expect: ['e127'] },
  { ask: 'Which coworker refuses to board an aeroplane?', expect: ['e128'] },
  { ask: 'How soon do I have to file my expense slips after being away for work?', expect: ['e130'] },
  { ask: 'Why does the daily sync of the invoicing team start at such an odd minute?', expect: ['e133'] },
  { ask: 'Who alone understands how the bookkeeping is programmed?', expect: ['e140'] },
  { ask: 'Who has to approve a large purchase?', expect: ['e144'] },
  { ask: 'Which applicant wanted better pay than we were willing to give?', expect: ['e147'] },
  { ask: 'When could we get out of our premises early?', expect: ['e156'] },
  { ask: 'Which place in the building should I reserve for a video conference?', expect: ['e158'] },
  { ask: 'How is money represented so that no rounding trouble arises?', expect: ['e161'] },
  { ask: 'Which client is notoriously slow to settle what it owes?', expect: ['e172'] },
  { ask: 'Whom did we lose because of downtime?', expect: ['e174'] },
  { ask: 'How much less do non-profits pay?', expect: ['e177'] },
  { ask: 'Where do so many newcomers give up on the mobile app?', expect: ['e186'] },
  { ask: 'Why did Apple not accept our submission?', expect: ['e190'] },
  { ask: 'Why did it look as if more people were leaving us than really were?', expect: ['e196'] },
  { ask: 'Where would traffic be sent if our main site went dark?', expect: ['e203'] },
  { ask: 'Why can nobody reach the test environment late in the night?', expect: ['e204'] },
  { ask: 'How quickly can a bad release be undone?', expect: ['e216'] },
  { ask: 'What were the causes of our two spells of downtime?', expect: ['e217', 'e218'] },
  { ask: 'What do I need to get a shell on one of the machines?', expect: ['e221'] },
  { ask: 'What is the theme for christening new machines?', expect: ['e229'] },
  { ask: 'What becomes of retired computers?', expect: ['e236'] },
  { ask: 'Which language should replies to her be written in?', expect: ['e269'] },
  { ask: 'Which birthday plans have to be kept secret?', expect: ['e279'] },
  { ask: 'Which brand did we abandon because somebody else had it already?', expect: ['e298'] }
]

/** These need the letters: an error code, a version, a name. */
export const IDENTIFIERS: readonly Question[] = [
  { ask: 'What was the fix for ERR_4417?', expect: ['e167'] },
  { ask: 'What does code E15 mean?', expect: ['e034'] },
  { ask: 'Which feature did 4.12.3 break?', expect: ['e182'] },
  { ask: 'What goes wrong on the 6a?', expect: ['e180'] },
  { ask: 'What is the matter with fct_orders_v2?', expect: ['e198'] },
  { ask: 'Why is kestrel-02 not in use?', expect: ['e210'] },
  { ask: 'Who is allowed on 2525?', expect: ['e225'] },
  { ask: 'Have we dealt with CVE-2031-20417 yet?', expect: ['e230'] },
  { ask: 'What is OPS-2291 about?', expect: ['e232'] },
  { ask: 'What happened to 8841?', expect: ['e249'] },
  { ask: 'Who is stonefish42?', expect: ['e256'] },
  { ask: 'What do we pay for under KX-70-2218?', expect: ['e292'] }
]

export const QUESTIONS: readonly Question[] = [...PARAPHRASED, ...IDENTIFIERS]
