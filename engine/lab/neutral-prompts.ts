import type { PromptSet } from './prompt-set.ts'

const BRIDGE = `The stone bridge at Arlen was built to carry carts of salt from the coast to the hill towns. For two hundred years it did so without much thought being given to it. Then the railway came up the valley, the salt went by train, and the bridge was left to walkers, sheep and the occasional wedding party. In the wet spring of the year in which the mill closed, the river rose above the second arch and took a corner of the eastern pier with it. The council met three times. The first meeting agreed that something had to be done. The second heard from an engineer, who explained that the pier stood on gravel, that the gravel was moving, and that a new foundation would cost more than the bridge had ever earned. The third meeting was the longest. A farmer said that without the bridge his children would need an hour more to reach the school. The keeper of the inn said that people came to see the bridge, and stayed to eat. A retired surveyor laid a drawing on the table that showed how the load could be led past the weak pier by a frame of oak, as it had been done on an older bridge in the next valley, and that the oak could come from the town's own wood. Nobody was quite convinced, but the drawing was cheap and the alternative was not. The frame was built in eleven weeks by four carpenters and a good number of people who happened to have a free Saturday. It was meant to last for ten years. It has now stood for thirty, the gravel has stopped moving, and the council has not met about it since.`

const MINUTES = `Protokoll der Hausversammlung. Anwesend waren neun von zwölf Parteien. Punkt eins: Die Heizung im Keller läuft seit Oktober unruhig. Frau Kessler berichtet, dass der Techniker zweimal da war und beide Male nichts gefunden hat. Herr Odum schlägt vor, die Vorlauftemperatur um fünf Grad zu senken und eine Woche lang zu beobachten. Der Vorschlag wird mit sieben Stimmen angenommen. Punkt zwei: Das Dach des Fahrradschuppens ist undicht. Zwei Angebote liegen vor, eines über 1 840 Euro mit Bitumenbahnen, eines über 2 610 Euro mit Blech und zehn Jahren Gewährleistung. Nach längerer Aussprache wird das zweite Angebot gewählt, sofern es auch die Dachrinne umfasst. Frau Marek fragt nach. Punkt drei: Der Hof soll im Frühjahr bepflanzt werden. Es bilden sich zwei Gruppen, eine für Gemüse, eine für Sträucher. Man einigt sich darauf, die Fläche zu teilen und im Herbst neu zu entscheiden. Punkt vier: Pakete werden zu oft bei der Familie im Erdgeschoss abgegeben. Es wird geprüft, was ein Paketfach kostet. Die nächste Versammlung findet am zweiten Dienstag im März statt.`

/** Shipped with Perwatt, written for it: everyday work of three lengths in several languages. It ranks energy, not answers. */
export const NEUTRAL_PROMPTS: PromptSet = {
  name: 'neutral',
  prompts: [
    { name: 'short-en', text: 'Name three things to check before a long bicycle ride, one line each.', maxTokens: 96 },
    {
      name: 'short-es',
      text: '¿Por qué se ve la luna más grande cerca del horizonte? Responde en dos frases.',
      maxTokens: 96,
    },
    { name: 'short-zh', text: '请用三句话介绍怎样在家里保存新鲜的香草。', maxTokens: 96 },
    { name: 'short-ar', text: 'اكتب ثلاث نصائح قصيرة لترتيب مكتب صغير.', maxTokens: 96 },
    {
      name: 'medium-fr',
      text: 'Écris une lettre courtoise à un voisin dont le chien aboie tôt le matin. Propose deux solutions concrètes et reste aimable. Environ cent cinquante mots.',
      maxTokens: 224,
    },
    {
      name: 'medium-code',
      text: 'Write a function in Python that reads lines of the form "name;amount" from a file, sums the amounts by name, skips lines that are not of this form, and returns the names in falling order of their sums. Explain in two sentences how it treats a negative amount.',
      maxTokens: 288,
    },
    {
      name: 'medium-ja',
      text: '平日の夕方に三十分で作れる、野菜を中心にした献立を一つ提案してください。材料、手順、余った材料の使い道を順に書いてください。',
      maxTokens: 256,
    },
    {
      name: 'medium-sums',
      text: 'A garden of 14 m by 9 m gets a path of 1.2 m width along all four inner edges. How large is the area that is left for plants, and how many bags of gravel are needed for the path if one bag covers 0.8 square metres? Show each step.',
      maxTokens: 256,
    },
    {
      name: 'long-en',
      text: `Summarise the following account in five sentences, then list who spoke at the third meeting and what each of them wanted.\n\n${BRIDGE}`,
      maxTokens: 256,
    },
    {
      name: 'long-de',
      text: `Fasse das Protokoll als Liste von Beschlüssen und offenen Fragen zusammen, mit den Namen der Zuständigen.\n\n${MINUTES}`,
      maxTokens: 256,
    },
  ],
}
