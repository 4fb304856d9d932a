import type { ComponentChildren } from 'preact';
import type { Claim, Task } from '../contract.ts';
import { t } from '../words.ts';

export type AboutProps = { task: Task; claim: Claim | undefined };

/** A card with the heading of what a task is about. */
export function AboutCard({ title = t('task.about'), children }: { title?: string; children: ComponentChildren }) {
  return (
    <section class="card stack-small">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** A text of a task's detail, which is of the kind's own shape; undefined where it is none. */
export function textOf(task: Task, name: string): string | undefined {
  const value = task.detail[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
