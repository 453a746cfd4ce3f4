// The register as an office uses it: an officer brings a spreadsheet in, mends three cells and submits a proposal, the director approves it; and a new
// form of a circular is adopted while old records keep theirs. In both languages, with script and without.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { accessible } from "./accessible.mjs";
import { openBrowser, Visitors } from "./browser.mjs";
import { field, press, row, seen } from "./hands.mjs";
import { inLanguage, LANGUAGES } from "./pages.mjs";
import { startProduct } from "./product.mjs";
import { WORDS } from "./words.mjs";

const product = await startProduct();
const browser = await openBrowser();
const visitors = new Visitors(browser, product);
after(async () => {
  await browser.close();
  await product.stop();
});

let turn = 0;

for (const language of LANGUAGES) {
  for (const javaScript of [true, false]) {
    test(`from the spreadsheet to the approved proposal, in ${language}, ${javaScript ? "with" : "without"} script`, async (t) => {
      const words = WORDS[language];
      turn += 1;
      const title = `Nhân giống sâm dây lượt ${turn} (minh họa)`;
      const table = [
        "Tên nhiệm vụ;Loại nhiệm vụ;Căn cứ đề xuất;Mục tiêu;Yêu cầu các kết quả chính và chỉ tiêu cần đạt;Kiến nghị các nội dung cần thực hiện;Dự kiến tổ chức, cơ quan hoặc địa chỉ ứng dụng;Thời gian thực hiện (tháng);Ngày nhận;Minh họa",
        `${title};Đề tài;Nghị quyết của tỉnh;Có giống tốt;Quy trình;Khảo sát, thử nghiệm;Hợp tác xã;hai năm;31/02/2026;có`,
        `Trồng gấc lượt ${turn} (minh họa);Đề tài lớn;Nghị quyết;Mục tiêu;Quy trình;Nội dung;Hợp tác xã;24;20/11/2026;có`,
      ].join("\n");
      const officer = await visitors.open({ role: "officer", javaScript });
      const director = await visitors.open({ role: "director", javaScript });
      try {
        const desk = await officer.newPage();
        let proposal;

        await t.test("the officer lays the file on the desk and sees three wrong cells by their address", async () => {
          await desk.goto(inLanguage("/nhap-excel", language));
          await desk.getByLabel(words.kindOfRecord).selectOption("proposal");
          await desk.getByLabel(words.spreadsheet).setInputFiles({ name: `de-xuat-${turn}.csv`, mimeType: "text/csv", buffer: Buffer.from(table) });
          await press(desk, words.checkFile);
          await seen(desk, words.threeErrors);
          for (const cell of ["H2", "I2", "B3"]) await seen(desk, cell);
          if (javaScript) await accessible(desk);
        });

        await t.test("the officer mends the three cells on the page and takes all rows in", async () => {
          await field(desk, words.cell("H2")).fill("24");
          await field(desk, words.cell("I2")).fill("28/02/2026");
          await field(desk, words.cell("B3")).fill("Đề tài");
          await press(desk, words.checkAgain);
          await press(desk, words.importAll);
          await seen(desk, words.imported);
        });

        await t.test("the officer submits the proposal with what was still missing", async () => {
          await desk.goto(inLanguage("/bieu-mau/proposal", language));
          await desk.getByRole("link", { name: title }).first().click();
          await desk.getByRole("main").getByRole("link", { name: words.submit, exact: true }).click();
          await press(desk, words.submit);
          await seen(desk.getByRole("alert"), words.urgency);
          await field(desk, words.urgency).fill("Giống đang thoái hóa (minh họa).");
          await press(desk, words.submit);
          await seen(desk, title);
          proposal = new URL(desk.url()).pathname;
          assert.match(proposal, /\/r\/[0-9a-f-]{36}$/);
        });

        await t.test("the director finds it among what waits and approves it", async () => {
          const office = await director.newPage();
          await office.goto(inLanguage("/duyet", language));
          if (javaScript) await accessible(office);
          await row(office, title).getByRole("link", { name: words.approve, exact: true }).click();
          await seen(office, "Giống đang thoái hóa (minh họa).");
          await field(office, words.decisionNumber).fill(`${turn}/QĐ-SKHCN`);
          await field(office, words.decisionDay).fill("31/02/2026");
          await press(office, words.approve);
          await seen(office.getByRole("alert"), words.decisionDay);
          assert.equal(await field(office, words.decisionNumber).inputValue(), `${turn}/QĐ-SKHCN`, "what was typed stays");
          await field(office, words.decisionDay).fill("20/11/2026");
          await press(office, words.approve);
          await office.waitForURL(/\/duyet$/);
          assert.equal(await row(office, title).count(), 0);
        });

        await t.test("everybody sees the decision", async () => {
          const everybody = await visitors.open({ javaScript });
          const page = await everybody.newPage();
          await page.goto(proposal);
          await seen(page, `${turn}/QĐ-SKHCN`);
          await seen(page, words.approved);
          await everybody.close();
        });
      } finally {
        await officer.close();
        await director.close();
      }
    });
  }
}

/** Counts the bytes of pieces that go through; `broken` decides about a request by its number and method. */
async function watchPieces(page, broken = () => false) {
  const seenOf = { pieces: 0, bytes: 0 };
  await page.route("**/nhap-excel/tai-len/**", async (route) => {
    const request = route.request();
    if (request.method() === "PUT") seenOf.pieces += 1;
    if (broken(seenOf.pieces, request.method())) return route.abort("connectionreset");
    if (request.method() === "PUT") seenOf.bytes += request.postDataBuffer().length;
    return route.continue();
  });
  return seenOf;
}

for (const language of LANGUAGES) {
  test(`a spreadsheet comes in whole over a line that breaks, and goes on after the page was loaded again, in ${language}`, async () => {
    const words = WORDS[language];
    const folder = await mkdtemp(path.join(tmpdir(), "lienvung-table-"));
    const officer = await visitors.open({ role: "officer" });
    const choose = async (page, file) => {
      await page.goto(inLanguage("/nhap-excel", language));
      await page.getByLabel(words.kindOfRecord).selectOption("person");
      await page.getByLabel(words.spreadsheet).setInputFiles(file);
      await press(page, words.checkFile);
    };
    const table = async (name) => {
      const rows = Array.from({ length: 400 }, (_, at) => `Cán bộ ${name} ${at} (minh họa);${"x".repeat(3_000)}`);
      const file = path.join(folder, `${name}.csv`);
      await writeFile(file, ["Họ và tên;Cột khác", ...rows].join("\n"));
      return { file, size: (await readFile(file)).length };
    };
    try {
      const page = await officer.newPage();
      const broken = await table(`đứt ${language}`);
      const once = await watchPieces(page, (pieces, method) => method === "PUT" && pieces === 2);
      await choose(page, broken.file);
      await page.getByRole("button", { name: words.importAll }).filter({ hasText: "400" }).waitFor();
      assert.ok(once.pieces > 3, `${once.pieces} pieces`);
      assert.equal(once.bytes, broken.size, "only the piece that was lost went twice");
      await press(page, words.importAll);
      await seen(page, words.imported);

      const left = await table(`dở ${language}`);
      await page.unrouteAll();
      await watchPieces(page, (pieces) => pieces > 1);
      await choose(page, left.file);
      await seen(page, words.lost);
      await accessible(page);
      await page.unrouteAll();
      await page.goto(inLanguage("/nhap-excel", language));
      await seen(page, words.unfinished);
      await seen(row(page, path.basename(left.file)), "%");
      await accessible(page);
      const rest = await watchPieces(page);
      await choose(page, left.file);
      await page.getByRole("button", { name: words.importAll }).filter({ hasText: "400" }).waitFor();
      assert.equal(rest.bytes, left.size - (1 << 18), "what had arrived was not sent again");
      await press(page, words.importAll);
      await seen(page, words.imported);

      const dropped = await table(`bỏ ${language}`);
      await page.unrouteAll();
      await watchPieces(page, (pieces) => pieces > 1);
      await choose(page, dropped.file);
      await seen(page, words.lost);
      await page.unrouteAll();
      await page.goto(inLanguage("/nhap-excel", language));
      await row(page, path.basename(dropped.file)).getByRole("button", { name: words.cancelUpload }).click();
      await page.waitForLoadState();
      assert.equal(await page.getByText(words.unfinished).count(), 0);
    } finally {
      await officer.close();
      await rm(folder, { recursive: true });
    }
  });
}

test("a new form of tasks is adopted, new records use it, old ones keep theirs, and the table holds both", async () => {
  const words = WORDS.vi;
  const administrator = await visitors.open({ role: "administrator" });
  const officer = await visitors.open({ role: "officer" });
  try {
    const kind = await readFile(new URL("../../catalogue/kinds/task.toml", import.meta.url), "utf8");
    const changed = kind
      .replace("version = 1", "version = 2")
      .replace(/valid_from = "[^"]+"/, 'valid_from = "2026-11-01"')
      .replace("field = [", `field = [\n  { name = "planned_funding", type = "text", max = 200, required = true, section = "identity", vi = "${words.origin}", en = "${WORDS.en.origin}" },`);
    const admin = await administrator.newPage();
    await admin.goto("/quan-tri/bieu-mau");
    await admin.getByLabel(words.formFile).setInputFiles({ name: "task-2.toml", mimeType: "application/toml", buffer: Buffer.from(changed) });
    await press(admin, words.receive);
    await seen(row(admin, words.origin), words.added);
    await accessible(admin);
    await admin.getByRole("link", { name: words.try }).click();
    await seen(row(admin, words.origin), /bắt buộc/);
    await accessible(admin);
    await admin.getByRole("link", { name: words.back }).click();
    await press(admin, words.adopt);
    await seen(admin, words.adopted);

    const desk = await officer.newPage();
    await desk.goto("/nhiem-vu");
    const old = await desk.locator("tbody").getByRole("link").first().getAttribute("href");
    await desk.goto("/bieu-mau/task/moi");
    await desk.getByLabel(/^Tên nhiệm vụ/).first().fill("Nhiệm vụ theo mẫu mới (minh họa)");
    await press(desk, words.save);
    await seen(desk.getByRole("alert"), words.origin);
    await field(desk, words.origin).fill("Ngân sách tỉnh");
    await press(desk, words.save);
    await seen(desk, "Ngân sách tỉnh");

    await desk.goto(old);
    await seen(desk, words.oldForm);
    const table = await officer.request.get("/nhiem-vu.csv");
    const [headings, ...rows] = (await table.text()).trim().split("\r\n");
    assert.ok(headings.includes(words.origin), headings);
    assert.ok(rows.some((line) => line.includes("Nhiệm vụ theo mẫu mới") && line.includes("Ngân sách tỉnh")));
    assert.ok(rows.length > 1, "old records stand in the same table");
  } finally {
    await administrator.close();
    await officer.close();
  }
});

test("no session saw a script error, a refusal of the content policy or a request to another host", () => {
  assert.deepEqual(visitors.complaints, []);
});
