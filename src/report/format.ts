/** Numbers as a reader should meet them: with their unit, three significant digits, an en dash for "no value". */

import type { ResourceUnit } from '../result/resources.ts';

export const NO_VALUE = '–';
const MINUS = '−';
const SIGNIFICANT_DIGITS = 3;

type Value = number | null | undefined;

/** "41,234"; fractions are rounded away. */
export function formatCount(value: Value): string {
  return present(value) ? grouped(Math.round(value), 0) : NO_VALUE;
}

/** Three significant digits, whole digits never cut: "0.0452", "7.02", "6", "153", "41,234". */
export function formatNumber(value: Value): string {
  if (!present(value)) return NO_VALUE;
  if (Number.isInteger(value)) return grouped(value, 0);
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const decimals = Math.min(Math.max(SIGNIFICANT_DIGITS - 1 - magnitude, 0), 20);
  return grouped(value, decimals);
}

export function formatMs(value: Value): string {
  return withUnit(formatNumber(value), 'ms');
}

export function formatRecordsPerSecond(value: Value): string {
  return withUnit(formatCount(value), 'records/s');
}

/** A moment or a length of time, without zeros that say nothing: "20 s", "13.2 s". */
export function formatSeconds(value: Value): string {
  return withUnit(formatMoment(value), 's');
}

/** `formatSeconds` for a column whose title names the unit; whole seconds and milliseconds are kept. */
export function formatMoment(value: Value): string {
  return present(value) ? grouped(value, 3).replace(/\.?0+$/, '') : NO_VALUE;
}

const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** "1 KiB", "15.3 GiB". */
export function formatBytes(value: Value): string {
  if (!present(value)) return NO_VALUE;
  const steps = value === 0 ? 0 : Math.floor(Math.log2(Math.abs(value)) / 10);
  const step = Math.min(Math.max(steps, 0), BINARY_UNITS.length - 1);
  return withUnit(formatNumber(value / 1024 ** step), BINARY_UNITS[step]);
}

export function formatBytesPerSecond(value: Value): string {
  return present(value) ? `${formatBytes(value)}/s` : NO_VALUE;
}

/** A signed share, 0.042 as "+4.2 %". */
export function formatError(value: Value): string {
  if (!present(value)) return NO_VALUE;
  const percent = value * 100;
  const decimals = Math.abs(percent) < 99.95 ? 1 : 0;
  const text = grouped(Math.abs(percent), decimals);
  if (Number(text) === 0) return `${text} %`;
  return `${percent < 0 ? MINUS : '+'}${text} %`;
}

/** A share from 0 to 1 as "45 %". */
export function formatShare(value: Value): string {
  return present(value) ? withUnit(grouped(value * 100, 0), '%') : NO_VALUE;
}

/** An observed quantity with its unit; a share as a percentage with three significant digits. */
export function formatQuantity(value: Value, unit: ResourceUnit): string {
  switch (unit) {
    case 'B/s':
      return formatBytesPerSecond(value);
    case 'B':
      return formatBytes(value);
    case '/s':
      return present(value) ? `${formatNumber(value)}/s` : NO_VALUE;
    case 'share':
      return present(value) ? withUnit(formatNumber(value * 100), '%') : NO_VALUE;
    case 'count':
      return formatNumber(value);
    default:
      return withUnit(formatNumber(value), unit);
  }
}

/** "1 level", "3 levels". */
export function formatPlural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** The text with a capital first letter. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function present(value: Value): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

function withUnit(text: string, unit: string): string {
  return text === NO_VALUE ? text : `${text} ${unit}`;
}

function grouped(value: number, decimals: number): string {
  const [whole, fraction] = Math.abs(value).toFixed(decimals).split('.');
  const text = whole.replace(/\B(?=(\d{3})+$)/g, ',') + (fraction === undefined ? '' : `.${fraction}`);
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}
