// Every page of the product, who may open it, and how to find one when its address holds an id. A new page gets a line here; links.test.mjs
// fails when a page links to one that has none.

import { ROLES } from "./browser.mjs";

const ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const SIGNED_IN = ["officer", "leader", "administrator"];

/** `link`: the page is the first (`last`: the last) link of this form on the page named in `from`, opened by the first of `roles`. */
const PAGES = [
  { name: "home", path: "/", roles: ROLES },
  { name: "search, empty", path: "/tim", roles: ["public"] },
  { name: "search", path: "/tim?q=chuong+trinh+hop+tac", roles: ROLES },
  { name: "search, nothing found", path: "/tim?q=zzzzqqqq", roles: ["public"] },
  { name: "article", from: "home", link: /^\/tin\/[^?]+$/, roles: ROLES },
  { name: "news", path: "/tin", roles: ["public"] },
  { name: "conferences", path: "/hoi-nghi", roles: ["public"] },
  { name: "documents", path: "/van-ban", roles: ["public"] },
  { name: "help", path: "/tro-giup", roles: ["public"] },
  { name: "code lists", path: "/bang-ma", roles: ["public"] },
  { name: "code list, a tree", path: "/bang-ma/research-fields", roles: ["public", "officer"] },
  { name: "code list of communes", path: "/bang-ma/communes?xa-cu=00001", roles: ["public"] },
  { name: "working calendar", path: "/lich-lam-viec", roles: ["public"] },
  { name: "working calendar of a year, a term reckoned", path: "/lich-lam-viec/2026?tu=13/02/2026&so=5", roles: ["public", "officer"] },
  { name: "accessibility", path: "/tiep-can", roles: ["public"] },
  { name: "account", path: "/tai-khoan", roles: ["officer"] },
  { name: "board", path: "/chi-dao", roles: ROLES },
  { name: "board, overdue", path: "/chi-dao?trang-thai=qua-han", roles: ["public"] },
  { name: "directive", from: "board", link: new RegExp(`^/chi-dao/${ID}$`), roles: ROLES },
  { name: "conference", from: "board", link: new RegExp(`^/hoi-nghi/${ID}$`), roles: ROLES },
  { name: "document", from: "directive", link: new RegExp(`^/van-ban/${ID}$`), roles: ROLES },
  { name: "record", from: "directive", link: new RegExp(`^/r/${ID}$`), last: true, roles: ROLES },
  { name: "history of a record", from: "record", link: new RegExp(`^/r/${ID}/lich-su$`), roles: ["public", "leader"] },
  { name: "edit of a record", from: "record", link: new RegExp(`^/r/${ID}/sua$`), roles: ["leader"] },
  { name: "erasing a record", from: "record", link: new RegExp(`^/r/${ID}/xoa$`), roles: ["leader"] },
  { name: "edit of a directive", from: "directive", link: new RegExp(`^/chi-dao/${ID}/sua$`), roles: ["leader"] },
  { name: "change of a deadline", from: "directive", link: new RegExp(`^/chi-dao/${ID}/han$`), roles: ["leader"] },
  { name: "review of a document", from: "document", link: new RegExp(`^/van-ban/${ID}/soat$`), roles: ["leader"] },
  { name: "interface description", path: "/api", roles: ["public"] },
  { name: "sign in", path: "/dang-nhap", roles: ["public"] },
  { name: "own work", path: "/viec", roles: SIGNED_IN },
  { name: "answer", from: "own work", link: new RegExp(`^/chi-dao/${ID}/bao-cao/${ID}$`), roles: ["officer"] },
  { name: "verdict", from: "own work", link: new RegExp(`^/chi-dao/${ID}/xac-minh/${ID}$`), roles: ["leader"] },
  { name: "import of a conclusion", path: "/van-ban/nhap", roles: ["officer"] },
  { name: "import of a table", path: "/nhap-excel", roles: ["officer"] },
  { name: "leader's page", path: "/lanh-dao", roles: ["leader"] },
  { name: "approvals", path: "/duyet", roles: ["leader"] },
  { name: "kinds and forms", path: "/bieu-mau", roles: ["public", "administrator"] },
  { name: "records of a kind", path: "/bieu-mau/body", roles: ["public", "officer"] },
  { name: "tasks", path: "/nhiem-vu", roles: ["public", "officer"] },
  { name: "task", from: "tasks", link: new RegExp(`^/nhiem-vu/${ID}$`), roles: ["public", "officer"] },
  { name: "papers of a task", from: "task", link: new RegExp(`^/r/${ID}/giay-to$`), roles: ["public", "officer"] },
  { name: "overlaps of a task", from: "task", link: new RegExp(`^/r/${ID}/trung-lap$`), roles: ["public", "officer"] },
  { name: "step of a task", from: "task", link: new RegExp(`^/r/${ID}/buoc/[a-z_]+$`), roles: ["officer"] },
  { name: "tasks, boundaries as then", path: "/nhiem-vu?tinh=60&dia-gioi=luc-do", roles: ["public"] },
  { name: "results", path: "/ket-qua", roles: ["public", "officer"] },
  { name: "result", from: "results", link: new RegExp(`^/ket-qua/${ID}$`), roles: ["public", "officer"] },
  { name: "provinces", path: "/tinh", roles: ["public", "officer"] },
  { name: "provinces, as then", path: "/tinh?dia-gioi=luc-do", roles: ["public"] },
  { name: "province", path: "/tinh/68.2025-07-01", roles: ["public", "officer"] },
  { name: "former province", path: "/tinh/60", roles: ["public"] },
  { name: "technologies", path: "/bieu-mau/technology", roles: ["public"] },
  { name: "technology", from: "technologies", link: new RegExp(`^/r/${ID}$`), roles: ["public", "officer"] },
  { name: "suggestions for a technology", from: "technology", link: new RegExp(`^/r/${ID}/goi-y$`), roles: ["public", "officer"] },
  { name: "new task", path: "/bieu-mau/task/moi", roles: ["officer"] },
  { name: "overlaps of a call", path: "/trung-lap", roles: ["officer"] },
  { name: "councils", path: "/hoi-dong", roles: ["officer"] },
  { name: "council", from: "councils", link: new RegExp(`^/hoi-dong/${ID}$`), roles: ["officer"] },
  { name: "paper count of a council", from: "council", link: new RegExp(`^/hoi-dong/${ID}/kiem-phieu$`), roles: ["officer"] },
  { name: "new council", path: "/bieu-mau/council/moi", roles: ["officer"] },
  { name: "contracts", path: "/hop-dong", roles: ["officer"] },
  { name: "contracts, payable now", path: "/hop-dong?can=duoc-chi", roles: ["officer"] },
  { name: "contract payable now", from: "contracts, payable now", link: new RegExp(`^/hop-dong/${ID}$`), roles: ["officer"] },
  { name: "contract that is late", from: "contracts", link: new RegExp(`^/hop-dong/${ID}$`), last: true, roles: ["officer"] },
  { name: "secret ballot", path: "/bo-phieu", roles: ["public", "officer"] },
  { name: "new record", path: "/bieu-mau/article/moi", roles: ["officer"] },
  { name: "administration", path: "/quan-tri", roles: ["administrator"] },
  { name: "sending up", path: "/gui-len", roles: ["leader", "administrator"] },
  { name: "connection", path: "/ket-noi", roles: ["leader", "administrator"] },
  { name: "completeness", path: "/do-day-du", roles: ["public", "administrator"] },
  { name: "nodes", path: "/quan-tri/nut", roles: ["administrator"] },
  { name: "returned", path: "/viec/bi-tra-lai", roles: ["officer"] },
  { name: "returned-to-node", path: "/quan-tri/nut/bi-tra-lai", roles: ["administrator"] },
  { name: "returned-here", path: "/quan-tri/nut/da-tra-lai", roles: ["administrator"] },
  { name: "ledger and backup", path: "/quan-tri/sao-luu", roles: ["administrator"] },
  { name: "all data", path: "/quan-tri/toan-bo-du-lieu", roles: ["administrator"] },
  { name: "users", path: "/quan-tri/nguoi-dung", roles: ["administrator"] },
  { name: "one user", from: "users", link: new RegExp(`^/quan-tri/nguoi-dung/${ID}$`), roles: ["administrator"] },
  { name: "form versions", path: "/quan-tri/bieu-mau", roles: ["administrator"] },
  { name: "audit trail", path: "/quan-tri/nhat-ky", roles: ["administrator"] },
];

/** Pages that are looked at side by side: while one waits for the product, another is measured. */
export const AT_ONCE = 3;

export const LANGUAGES = ["vi", "en"];

/** The address of a page in a language; English mirrors stand below /en. */
export function inLanguage(path, language) {
  if (language === "vi") return path;
  return path === "/" ? "/en" : `/en${path}`;
}

/** The form of an address without its ids and search words, to compare addresses. */
export function form(address) {
  const path = address.replace(/[?#].*$/, "").replace(/^\/en(?=\/|$)/, "") || "/";
  return path.replace(new RegExp(ID, "g"), "{id}").replace(/^\/tin\/.+$/, "/tin/{name}").replace(/^\/bieu-mau\/[a-z_]+/, "/bieu-mau/{kind}").replace(/\/buoc\/[a-z_]+$/, "/buoc/{state}").replace(/^\/tinh\/.+$/, "/tinh/{key}").replace(/^\/lich-lam-viec\/\d+/, "/lich-lam-viec/{year}").replace(/^\/bang-ma\/[^/]+/, "/bang-ma/{list}");
}

/**
 * Looks up the addresses that hold an id.
 * @returns {Promise<{name: string, path: string, roles: string[]}[]>}
 */
export async function findPages(visitors) {
  const found = [];
  for (const page of PAGES) {
    let path = page.path;
    if (!path) {
      const from = found.find(({ name }) => name === page.from);
      const context = await visitors.open({ role: page.roles[0] });
      const tab = await context.newPage();
      await tab.goto(from.path);
      const links = await tab.locator("a[href]").evaluateAll((anchors) => anchors.map((anchor) => anchor.getAttribute("href")));
      path = page.last ? links.findLast((link) => page.link.test(link)) : links.find((link) => page.link.test(link));
      await context.close();
      if (!path) throw new Error(`no link like ${page.link} on the page "${page.from}" (${from.path}); it has:\n${[...new Set(links)].join("\n")}`);
    }
    found.push({ name: page.name, path, roles: page.roles });
  }
  return found;
}

/** Every page for every role that may open it, in both languages. */
export function everyVisit(pages) {
  const visits = [];
  for (const role of ROLES) {
    for (const page of pages) {
      if (!page.roles.includes(role)) continue;
      for (const language of LANGUAGES) {
        visits.push({ title: `${page.name}, ${language}, ${role}`, name: page.name, role, language, path: inLanguage(page.path, language) });
      }
    }
  }
  return visits;
}
