const pad = (value: number): string => String(value).padStart(2, "0");

/** 14:03:12 in the browser's zone. */
export function clock(time: number): string {
  const date = new Date(time);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** 14:03 */
export const clockMinutes = (time: number): string => clock(time).slice(0, 5);

const days = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

/** 14:03; with seconds below a minute's step; "Jan 2" at midnight. */
export function timeLabel(time: number, step: number): string {
  const date = new Date(time);
  if (step >= 3600_000 && date.getHours() === 0 && date.getMinutes() === 0) return days.format(date);
  return step < 60_000 ? clock(time) : clockMinutes(time);
}

/** 14:03:12, with the day in front when it is not today's. */
export function moment(time: number, now: number): string {
  return new Date(time).toDateString() === new Date(now).toDateString() ? clock(time) : `${days.format(time)} ${clock(time)}`;
}

/** The browser's zone as people write it: UTC, CET, GMT+2. */
export function zone(time: number): string {
  const parts = new Intl.DateTimeFormat(undefined, { timeZoneName: "short" }).formatToParts(time);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "";
}

/** "12 s", "3 min", "2 h": how long, for ages and spans. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds === 60) return "1 min";
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}
