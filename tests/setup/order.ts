import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes long and waits much first; the pages after it, so that their product runs only while they do; what is short fills the end. */
const ORDER = ['e2e', 'integration', 'console', 'unit'];

export class ProjectOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project }: TestSpecification) => ORDER.indexOf(project.name);
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
