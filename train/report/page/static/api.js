// The endpoints: see the documentation of package page.

import { t } from "./words.js";

// numbers decodes the base64 of little-endian float32 numbers.
export const numbers = (text) => new Float32Array(grid(text).buffer);

// grid decodes bytes.
export function grid(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text || "");
  const raw = atob(text || "");
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

// matrix decodes a matrix of the server.
export function matrix(m) {
  const values = numbers(m.values);
  return { rows: m.rows, cols: m.cols, values, at: (i, j) => values[i * m.cols + j], row: (i) => values.subarray(i * m.cols, (i + 1) * m.cols) };
}

async function answer(response) {
  const body = await response.json().catch(() => null); // also an answer that ends early
  if (!response.ok || body === null) throw new Error(body?.error || t("noAnswer"));
  return body;
}

export const get = async (name) => answer(await fetch("api/v1/" + name));

export const ask = async (name, question, signal) =>
  answer(await fetch("api/v1/" + name, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(question), signal }));
