/** The script of a report's page: draws its plots. It reads nothing but the page it is in. */
import type { PageData } from './data.ts';
import { plot } from './plot.ts';

const data = JSON.parse(document.getElementById('data')?.textContent ?? 'null') as PageData | null;
const plots = data === null ? [] : drawAll(data);

function drawAll(all: PageData): ReturnType<typeof plot>[] {
  return all.charts.flatMap((_, chart) =>
    all.runs.flatMap((_, run) => {
      const place = document.getElementById(`plot-${chart}-${run}`);
      return place === null ? [] : [plot(place, all, chart, run)];
    }),
  );
}

const redraw = (): void => {
  for (const one of plots) one.redraw();
};
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
// Paper is white, whatever the screen is.
addEventListener('beforeprint', () => {
  document.documentElement.classList.add('paper');
  redraw();
});
addEventListener('afterprint', () => {
  document.documentElement.classList.remove('paper');
  redraw();
});
addEventListener('resize', () => {
  for (const one of plots) one.fit();
});
