// What a person does on a page: look for words, fill a field, press a button.

import assert from "node:assert/strict";

/** The row of a table that holds these words. */
export function row(page, words) {
  return page.locator("tbody tr").filter({ hasText: words }).first();
}

export function field(page, label) {
  return page.getByLabel(label).first();
}

export async function press(page, name) {
  await page.getByRole("main").getByRole("button", { name }).first().click();
}

/** Waits until the text stands on the page and can be seen. */
export async function seen(page, text) {
  const place = page.getByText(text).filter({ visible: true }).first();
  try {
    await place.waitFor({ timeout: 10_000 });
  } catch {
    const tab = typeof page.page === "function" ? page.page() : page;
    const shown = (await tab.locator("body").innerText()).slice(0, 3_000);
    assert.fail(`"${text}" is not on ${tab.url()}, which shows:\n${shown}`);
  }
}
