import type { ComponentChildren } from 'preact';

/** One row of a list of facts (`<dl class="facts">`). */
export function Fact({ label, children }: { label: ComponentChildren; children: ComponentChildren }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </>
  );
}
