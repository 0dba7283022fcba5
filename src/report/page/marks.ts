/** Faults on a plot: a band from each to its heal, and a line with the name where each begins or is healed. */
import type uPlot from 'uplot';
import type { Mark } from './data.ts';

type Colour = (name: string) => string;

/** Behind the figures. */
export function drawBands(self: uPlot, marks: readonly Mark[], colour: Colour): void {
  inside(self, ({ ctx, bbox }) => {
    ctx.globalAlpha = 0.12;
    ctx.fillStyle = colour('bad');
    for (const { atMs, untilMs } of marks) {
      if (untilMs === undefined) continue;
      const from = Math.max(bbox.left, self.valToPos(atMs / 1000, 'x', true));
      const to = Math.min(bbox.left + bbox.width, self.valToPos(untilMs / 1000, 'x', true));
      if (to > from) ctx.fillRect(from, bbox.top, to - from, bbox.height);
    }
  });
}

/** In front of the figures; the names stand above them. */
export function drawNames(self: uPlot, marks: readonly Mark[], colour: Colour): void {
  inside(self, ({ ctx, bbox }) => {
    const ratio = devicePixelRatio;
    ctx.font = `${10 * ratio}px system-ui, sans-serif`;
    ctx.textBaseline = 'bottom';
    ctx.lineWidth = ratio;
    ctx.setLineDash([3 * ratio, 3 * ratio]);
    let free = Number.NEGATIVE_INFINITY;
    for (const { action, atMs, name } of marks) {
      const x = Math.round(self.valToPos(atMs / 1000, 'x', true));
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.strokeStyle = ctx.fillStyle = colour(action === 'heal' ? 'good' : 'bad');
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const width = ctx.measureText(name).width;
      const left = Math.min(x, bbox.left + bbox.width - width);
      // Where two names would lie over each other, the lines must do.
      if (left < free) continue;
      ctx.fillText(name, left, bbox.top - ratio);
      free = left + width + 6 * ratio;
    }
  });
}

function inside(self: uPlot, draw: (self: uPlot) => void): void {
  self.ctx.save();
  draw(self);
  self.ctx.restore();
}
