//! The nodes of a region, on the page of the nodes: the Centre names them, the others see them.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use office::Membership;

use crate::administration::require;
use crate::blocks::{Block, Blocks, Form};
use crate::errors::Answer;
use crate::form::FormPairs;
use crate::page::Page;
use crate::parts::{Cell, Choice, Definitions, Field, FieldKind};
use crate::service::{App, Who};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/quan-tri/nut/vung", post(set_region))
}

/// Which nodes read what is for the departments of the region: the Centre says so, the others see it.
pub(crate) fn show_region(page: &Page, membership: &Membership, nodes: &[(String, String, bool)], blocks: &mut Blocks) {
    let heading = page.say("Vùng", "Region").to_owned();
    let words = page.say(
        "Bản ghi “các Sở trong vùng xem được” của các nút được chọn sẽ đến những nút ấy, thường trong vài phút.",
        "What the chosen nodes record as “seen by the region's departments” comes to those nodes, as a rule within minutes.",
    );
    if membership.above.is_some() {
        let readers: Vec<Cell> = nodes.iter().filter(|(_, _, reads)| *reads).map(|(_, title, _)| Cell::text(title.clone())).collect();
        if !readers.is_empty() {
            blocks.push(Block::Heading(heading));
            let mut facts = Definitions { rows: Vec::new() };
            facts.add(page.say("Các nút trong vùng", "Nodes of the region"), Cell::Lines(readers));
            blocks.push(Block::Facts(facts));
        }
        return;
    }
    if nodes.is_empty() {
        return;
    }
    let choices = nodes.iter().map(|(name, title, reads)| Choice { chosen: *reads, ..Choice::new(name, format!("{title} ({name})")) });
    let mut form = Form::post(page.href("/quan-tri/nut/vung"))
        .field(Field::new(
            page.texts(),
            FieldKind::Ticks(choices.collect()),
            "nodes",
            page.say("Các nút trong vùng", "Nodes of the region"),
        ))
        .button(page.say("Đặt vùng", "Set the region"));
    form.heading = heading;
    form.class = "card";
    form.before = vec![words.to_owned()];
    blocks.push(Block::Form(form));
}

async fn set_region(page: Page, Who(who): Who, State(app): State<App>, pairs: FormPairs) -> Answer {
    require(&who)?;
    let nodes: Vec<String> = pairs.all("nodes").into_iter().map(str::to_owned).collect();
    app.call(move |office| office.set_region_readers(&who, &nodes)).await?;
    page.go("/quan-tri/nut")
}
