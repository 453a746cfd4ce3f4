// Nodes that exchange, as the people at them see it: a clerk in Kon Tum saves and sees that the Centre has received it, the line is cut and heals, the receipt
// stands without any node, and Kon Tum goes into Quảng Ngãi.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { accessible } from "./accessible.mjs";
import { openBrowser } from "./browser.mjs";
import { field, press, row, seen } from "./hands.mjs";
import { startProduct } from "./product.mjs";

const run = promisify(execFile);
const product = await startProduct();
const browser = await openBrowser();
after(async () => {
  await browser.close();
  await product.stop();
});

/** Somebody at a node, signed in with a one-time link; every node has its own cookie. */
async function personAt(link) {
  const context = await browser.newContext({ baseURL: new URL(link).origin, locale: "vi-VN", timezoneId: "Asia/Ho_Chi_Minh" });
  const page = await context.newPage();
  await page.goto(link);
  await page.locator("main form[method=post] button").first().click();
  return page;
}

/** Opens an address again and again until the words are there: nodes work in their own time. */
async function comes(page, address, words) {
  for (let turn = 0; turn < 120; turn += 1) {
    await page.goto(address);
    if ((await page.locator("main").innerText()).includes(words)) return;
    await page.waitForTimeout(500);
  }
  assert.fail(`“${words}” did not come at ${address}:\n${await page.locator("main").innerText()}`);
}

async function saveAims(page, task, aims) {
  await page.goto(`/r/${task}/sua`);
  await page.locator("textarea[name=aims], input[name=aims]").fill(aims);
  await press(page, "Lưu");
}

const { clerk: clerkLink, operator: operatorLink } = product.neighbours["Kon Tum"];
const clerk = await personAt(clerkLink);
const operator = await personAt(operatorLink);
const administrator = await personAt(product.links.administrator);
await clerk.goto("/nhiem-vu");
const task = (await clerk.locator("a[href^='/nhiem-vu/']").first().getAttribute("href")).split("/").at(-1);

test("an officer's save in Kon Tum is shown as received by the Centre", async () => {
  await saveAims(clerk, task, "Quy trình nhân giống sâm dây, sửa lần một (minh họa).");
  await comes(clerk, `/nhiem-vu/${task}`, "Trung ương đã nhận");
});

test("while the line is cut work goes on and the gap is shown; it heals by itself", async () => {
  await operator.goto("/quan-tri/nut");
  await press(operator, "Ngắt thử đường lên nút trên");
  await saveAims(clerk, task, "Quy trình nhân giống sâm dây, sửa lúc mất mạng (minh họa).");
  await clerk.goto(`/nhiem-vu/${task}`);
  await seen(clerk, "Trung ương chưa nhận");
  await clerk.goto("/do-day-du");
  await seen(clerk, /còn thiếu [1-9]/);
  await operator.goto("/quan-tri/nut");
  await press(operator, "Nối lại đường lên nút trên");
  await comes(clerk, `/nhiem-vu/${task}`, "Trung ương đã nhận");
  await comes(clerk, "/do-day-du", "đủ, đã ký");
});

test("the Centre returns the task with a reason, the officer in Kon Tum sees why, and a new version answers it", async () => {
  const ministry = await personAt(product.links.leader);
  await ministry.goto(`/nhiem-vu/${task}`);
  await ministry.getByRole("link", { name: "Trả lại cho đơn vị" }).click();
  await press(ministry, "Trả lại");
  await seen(ministry, "hãy chọn ít nhất một lý do");
  await ministry.getByLabel("Thiếu dữ liệu hoặc thiếu giấy tờ").check();
  await press(ministry, "Trả lại");
  await seen(ministry, "Đã trả lại bản ghi này");
  await comes(clerk, "/viec", "Bản ghi bị nút trên trả lại");
  await seen(clerk, "Thiếu dữ liệu hoặc thiếu giấy tờ");
  await clerk.goto(`/nhiem-vu/${task}`);
  await seen(clerk, "đã trả lại bản ghi này");
  await saveAims(clerk, task, "Quy trình nhân giống sâm dây, bổ sung sau khi bị trả lại (minh họa).");
  await clerk.goto("/viec/bi-tra-lai");
  await seen(clerk, "Không có bản ghi nào bị trả lại");
  await comes(clerk, `/nhiem-vu/${task}`, "Trung ương đã nhận");
});

test("the receipt stands on its own, and a changed one does not", async () => {
  await clerk.goto(`/nhiem-vu/${task}`);
  const waiting = clerk.waitForEvent("download");
  await clerk.getByRole("link", { name: "Tải biên nhận có chữ ký" }).click();
  const download = await waiting;
  const file = path.join(product.data, download.suggestedFilename());
  await download.saveAs(file);
  const keys = [];
  for (const folder of [product.data, path.join(product.data, "nodes", "sokhcn.kontum")]) {
    keys.push("--key", (await run(product.program, ["node", "key", "--data", folder])).stdout.trim());
  }
  const verified = await run(product.program, ["receipt", "verify", file, "--json", ...keys]);
  const said = JSON.parse(verified.stdout);
  assert.ok(verified.stdout.includes(task), verified.stdout);
  assert.ok(said);
  const text = (await import("node:fs")).readFileSync(file, "utf8");
  await writeFile(file, text.replace(/index (\d+)/, (_, index) => `index ${Number(index) + 1}`));
  await assert.rejects(run(product.program, ["receipt", "verify", file, ...keys]));
});

test("by hand, a save waits for the head, who sees it and sends it", async () => {
  await operator.goto("/gui-len");
  await operator.getByLabel(/^Từng đợt/).check();
  await press(operator, "Đặt chế độ");
  await saveAims(clerk, task, "Quy trình nhân giống sâm dây, sửa chờ gửi (minh họa).");
  await clerk.goto(`/nhiem-vu/${task}`);
  await seen(clerk, "chờ lãnh đạo gửi");
  await clerk.goto("/do-day-du");
  await seen(clerk, /chờ lãnh đạo gửi: [1-9]/);
  await operator.goto("/viec");
  await seen(operator, "chờ anh/chị gửi lên cấp trên");
  await operator.getByRole("link", { name: "Xem và gửi lên" }).click();
  await seen(operator.locator("tbody"), "Nhiệm vụ");
  await accessible(operator);
  await press(operator, "Gửi lên");
  await comes(clerk, `/nhiem-vu/${task}`, "Trung ương đã nhận");
  await operator.goto("/gui-len");
  await seen(operator, "Không có mục nào chờ");
  await operator.getByLabel(/^Tự động/).check();
  await press(operator, "Đặt chế độ");
  await seen(operator, "tự động, ngay khi công bố");
});

test("a form that the Centre adopts comes to Kon Tum, is looked at, tried and adopted there, and a new record carries it", async () => {
  const kind = await readFile(new URL("../../catalogue/kinds/technology.toml", import.meta.url), "utf8");
  const changed = kind
    .replace("version = 1", "version = 2")
    .replace(/valid_from = "[^"]+"/, 'valid_from = "2018-01-01"')
    .replace("field = [", 'field = [\n  { name = "origin", type = "text", max = 100, required = true, vi = "Xuất xứ", en = "Origin" },');
  await administrator.goto("/quan-tri/bieu-mau");
  await administrator.getByLabel(/^Tệp mẫu/).setInputFiles({ name: "technology-2.toml", mimeType: "application/toml", buffer: Buffer.from(changed) });
  await press(administrator, "Nhận tệp");
  await press(administrator, "Áp dụng phiên bản này");
  await seen(administrator, "đã áp dụng");

  await comes(operator, "/quan-tri", "mẫu mới đến từ Trung ương");
  await operator.goto("/quan-tri/bieu-mau");
  await accessible(operator);
  await row(operator, "đến từ Trung ương").getByRole("link").first().click();
  await seen(operator, "lv1/bo.khcn/catalogue");
  await seen(row(operator, "Xuất xứ"), "thêm");
  await accessible(operator);
  await operator.getByRole("link", { name: "Thử trên dữ liệu đang có" }).click();
  await operator.getByRole("link", { name: "Về trang của mẫu" }).click();
  await press(operator, "Áp dụng phiên bản này");
  await seen(operator, "đã áp dụng");

  await clerk.goto("/bieu-mau/technology/moi");
  await field(clerk, /^Tên công nghệ/).fill("Máy sấy sâm dây (minh họa)");
  await press(clerk, "Lưu");
  await seen(clerk.getByRole("alert"), "Xuất xứ");
  await field(clerk, "Xuất xứ").fill("Kon Tum");
  await press(clerk, "Lưu");
  await seen(clerk.locator("main"), "Xuất xứ");
  assert.match(clerk.url(), /\/[0-9a-f-]{36}$/);
  assert.match(await clerk.locator("main").textContent(), /Xuất xứKon Tum/, "only the new form has this field");
  await operator.goto("/quan-tri");
  assert.ok(!(await operator.locator("main").innerText()).includes("mẫu mới đến từ Trung ương"));
});

test("Kon Tum closes and goes into Quảng Ngãi; the Centre shows it, and nothing is written in Kon Tum any more", async () => {
  await operator.goto("/quan-tri/nut");
  await operator.getByLabel("Nút tiếp nhận").selectOption("sokhcn.quangngai");
  await operator.locator("input[name=sure_close]").fill("sokhcn.kontum");
  await press(operator, "Khép nút này");
  await seen(operator, "Nút này đã khép để sáp nhập");
  await saveAims(clerk, task, "Muộn (minh họa).");
  await seen(clerk, "đã khép để sáp nhập");
  await administrator.goto("/quan-tri/nut");
  for (let turn = 0; ; turn += 1) {
    await administrator.goto("/quan-tri/nut");
    await administrator.locator("select[name=of]").selectOption("sokhcn.kontum");
    await administrator.locator("select[name=by]").selectOption("sokhcn.quangngai");
    await administrator.locator("input[name=basis]").fill("202/2025/QH15");
    await administrator.locator("input[name=sure_merge]").fill("sokhcn.kontum");
    await press(administrator, "Sáp nhập");
    const said = await administrator.locator("main").innerText();
    if (!said.includes("chưa khép")) break;
    assert.ok(turn < 40, said);
    await administrator.waitForTimeout(500);
  }
  await administrator.goto("/do-day-du");
  await seen(administrator, "đã sáp nhập vào sokhcn.quangngai");
});

test("an officer in Quảng Ngãi takes the task of Kon Tum over and goes on with it; its past stays", async () => {
  const { clerk: heirLink, operator: heirOperatorLink } = product.neighbours["Quảng Ngãi"];
  const heir = await personAt(heirLink);
  await comes(heir, `/nhiem-vu/${task}`, "Tiếp nhận để làm tiếp");
  await press(heir, "Tiếp nhận để làm tiếp");
  await saveAims(heir, task, "Quy trình nhân giống sâm dây, làm tiếp tại Quảng Ngãi (minh họa).");
  await comes(heir, `/nhiem-vu/${task}`, "Trung ương đã nhận");
  await heir.goto(`/r/${task}/lich-su`);
  await seen(heir, "Tại nút cũ, trước khi tiếp nhận");
  await comes(administrator, `/nhiem-vu/${task}`, "làm tiếp tại Quảng Ngãi");
  const heirOperator = await personAt(heirOperatorLink);
  await heirOperator.goto("/quan-tri/nut");
  await press(heirOperator, "Tiếp nhận tất cả bản ghi");
  await comes(heirOperator, "/quan-tri/nut", "Số bản ghi đã tiếp nhận");
});
