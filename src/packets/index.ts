export { pcapng } from './follow.ts';
export { type FlowInTrouble, keepPackets } from './keep.ts';
export { openRings } from './rings.ts';
