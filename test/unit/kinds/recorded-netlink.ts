/** What IPVS answered to `serversOf`, as recorded: a line for each service, its VIP and the bytes. */
export function messagesOf(text: string, vip: string): Buffer {
  const line = text.split('\n').find((each) => each.startsWith(`${vip} `)) ?? '';
  return Buffer.from(line.slice(vip.length + 1), 'hex');
}
