// Starts the built program as a person would, `lienvung demo`, on a free port with a data folder of its own, and reads what it prints.

import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const PATIENCE_MS = 120_000;

/** How the demo's printed lines name the people its one-time links are for. */
const ROLE_WORDS = {
  officer: /chuyên viên|officer/i,
  director: /giám đốc|director/i,
  leader: /lãnh đạo|leader/i,
  administrator: /quản trị|administrator/i,
};

/**
 * Starts the demo and waits until it answers.
 * @returns {Promise<{base: string, links: Record<string, string>, program: string, data: string,
 *   neighbours: Record<string, {clerk: string, operator: string}>, output: () => string, stop: () => Promise<void>}>}
 *   `links`: the one-time sign-in link of each role; each works once. `neighbours`: those of the people at the demonstration's other nodes.
 */
export async function startProduct() {
  const program = programPath();
  const port = await freePort();
  const data = await mkdtemp(path.join(tmpdir(), "lienvung-ui-"));
  const child = spawn(program, ["demo", "--listen", `127.0.0.1:${port}`, "--data", path.join(data, "data")], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  let complaints = "";
  let ended = false;
  child.stdout.setEncoding("utf8").on("data", (chunk) => (printed += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk) => (complaints += chunk));
  const gone = new Promise((resolve) => child.on("close", resolve)).then(() => (ended = true));
  child.on("error", (error) => (complaints += `${error}\n`));
  const killAtExit = () => child.kill("SIGKILL");
  process.on("exit", killAtExit);

  const base = `http://127.0.0.1:${port}`;
  const giveUp = Date.now() + PATIENCE_MS;
  let links = {};
  for (;;) {
    links = signInLinks(printed);
    const allLinks = Object.keys(ROLE_WORDS).every((role) => links[role]);
    if (allLinks && /Quảng Ngãi: người vận hành/.test(printed) && (await answers(`${base}/healthz`))) break;
    if (ended || Date.now() > giveUp) {
      child.kill("SIGKILL");
      const lacking = Object.keys(ROLE_WORDS).filter((role) => !links[role]);
      throw new Error(
        `the demo did not become ready (sign-in links not found for: ${lacking.join(", ") || "none"})\nprinted:\n${printed}\ncomplaints:\n${complaints}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    base,
    links,
    program,
    data: path.join(data, "data"),
    neighbours: neighbourLinks(printed),
    output: () => printed + complaints,
    async stop() {
      child.kill("SIGTERM");
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 10_000).unref())]);
      if (!ended) child.kill("SIGKILL");
      process.off("exit", killAtExit);
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** Finds the link for each role: it stands on the line that names the role or on the one below. */
export function signInLinks(printed) {
  const links = {};
  let role = null;
  for (const line of printed.split("\n")) {
    const named = Object.entries(ROLE_WORDS)
      .map(([name, words]) => ({ name, at: line.search(words) }))
      .filter(({ at }) => at >= 0)
      .sort((left, right) => left.at - right.at)[0];
    if (named) role = named.name;
    const link = line.match(/https?:\/\/[^\s"'<>)]+/)?.[0];
    if (link && new URL(link).pathname.length > 1) {
      if (role && !links[role]) links[role] = link;
      role = null;
    }
  }
  return links;
}

/** The links of the other nodes of the demonstration, by the province's name. */
export function neighbourLinks(printed) {
  const neighbours = {};
  for (const [, place, who, link] of printed.matchAll(/^ +(.+?): (người nhập liệu|người vận hành)\s*(https?:\S+)$/gm)) {
    neighbours[place] ??= {};
    neighbours[place][who === "người vận hành" ? "operator" : "clerk"] = link;
  }
  return neighbours;
}

function programPath() {
  const named = process.env.LIENVUNG_BIN;
  if (named) return path.resolve(named);
  const target = path.resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target");
  const built = ["debug", "release"].map((profile) => path.join(target, profile, "lienvung")).filter(existsSync);
  if (built.length === 0) throw new Error("no built program found: run `cargo build` first, or name it in LIENVUNG_BIN");
  return built.sort((left, right) => statSync(right).mtimeMs - statSync(left).mtimeMs)[0];
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function answers(address) {
  try {
    return (await fetch(address)).status === 200;
  } catch {
    return false;
  }
}
