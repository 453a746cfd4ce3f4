// One chromium, and browsing sessions in it for the public and for the demo's people.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

/** Everybody who looks at pages. `public` is not signed in. */
export const ROLES = ["public", "officer", "leader", "administrator"];

const PROGRAMS = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export function openBrowser() {
  const executablePath = PROGRAMS.find((program) => program && existsSync(program));
  if (!executablePath) throw new Error("no chromium found: install the distribution's package `chromium`, or name the program in CHROMIUM");
  return chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/**
 * The visitors of one running program: signs each role in once with its one-time link and opens as many sessions for it as wanted.
 */
export class Visitors {
  #browser;
  #product;
  #states = new Map();
  /** Requests to other hosts, script errors and refusals of the content security policy, seen by any session. Must stay empty. */
  complaints = [];

  constructor(browser, product) {
    this.#browser = browser;
    this.#product = product;
  }

  /** @param {{role?: string, javaScript?: boolean, width?: number, height?: number, scheme?: "light" | "dark"}} options */
  async open({ role = "public", javaScript = true, width = 1366, height = 800, scheme = "light" } = {}) {
    const context = await this.#browser.newContext({
      baseURL: this.#product.base,
      storageState: role === "public" ? undefined : await this.#signedIn(role),
      javaScriptEnabled: javaScript,
      viewport: { width, height },
      colorScheme: scheme,
      locale: "vi-VN",
      timezoneId: "Asia/Ho_Chi_Minh",
      reducedMotion: "reduce",
    });
    this.#watch(context);
    return context;
  }

  async #signedIn(role) {
    if (!this.#states.has(role)) {
      const context = await this.#browser.newContext({ baseURL: this.#product.base });
      const page = await context.newPage();
      await page.goto(this.#product.links[role]);
      // A link that signs in only after a press of a button survives mail programs that open links ahead of their reader.
      const confirm = page.locator("main form[method=post] button:not([type=button])");
      const cookies = await context.cookies();
      if (cookies.length === 0 && (await confirm.count()) > 0) await confirm.first().click();
      if ((await context.cookies()).length === 0) throw new Error(`the one-time link of ${role} set no session cookie: ${page.url()}`);
      this.#states.set(role, await context.storageState());
      await context.close();
    }
    return this.#states.get(role);
  }

  #watch(context) {
    const own = new URL(this.#product.base).origin;
    context.on("request", (request) => {
      const address = request.url();
      if (!address.startsWith("data:") && new URL(address).origin !== own) this.complaints.push(`request to another host: ${address}`);
    });
    context.on("console", (message) => {
      // A page that answers 403, 404 or 422 on purpose also logs an error of this form.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        this.complaints.push(`${message.page()?.url()}: ${message.text()}`);
      }
    });
    context.on("weberror", (error) => this.complaints.push(`${error.page()?.url()}: ${error.error()}`));
  }
}
