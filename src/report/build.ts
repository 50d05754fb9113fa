import type { ReportDocument } from './document.ts';
import { answerSentence, headlineFigures } from './sections/answer.ts';
import { assumptionsSection } from './sections/assumptions.ts';
import { brokersSection } from './sections/brokers.ts';
import { clientsSection } from './sections/clients.ts';
import type { ReportContext } from './sections/context.ts';
import { levelsSection } from './sections/levels.ts';
import { predictedAgainstMeasuredSection } from './sections/predicted-against-measured.ts';
import { reproduceSection } from './sections/reproduce.ts';
import { resourcesSection } from './sections/resources.ts';
import { stagesSection } from './sections/stages.ts';
import { timelineSection } from './sections/timeline.ts';

/** The report as a document: the answer first, then what it rests on. */
export function buildReport(context: ReportContext): ReportDocument {
  const clients = clientsSection(context);
  return {
    title: context.scenario.name,
    question: context.scenario.question,
    answer: answerSentence(context),
    measured: context.comparison.measured !== null,
    headline: headlineFigures(context),
    sections: [
      levelsSection(context),
      predictedAgainstMeasuredSection(context),
      ...(clients === null ? [] : [clients]),
      stagesSection(context),
      resourcesSection(context),
      brokersSection(context),
      timelineSection(context),
      assumptionsSection(context),
      reproduceSection(context),
    ],
  };
}
