//! What the tools over packs say, as pages: print, one procedure, the difference of two packs.

use app::regulation::pack::tools::{BlockView, RowView, View};
use serde::Serialize;

use super::parts::{Choice, Link};
use crate::html::render::Page;

/// A document about packs (`admin_pack_document.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PackDocument {
    pub back: Link,
    pub view: View,
    /// Other views of the same pack.
    pub links: Vec<Link>,
    /// Packs to compare with; empty where nothing is compared. The form gets `with`.
    pub others: Vec<Choice>,
    pub compare_href: String,
}

impl Page for PackDocument {
    const TEMPLATE: &'static str = "admin_pack_document.html";

    fn samples() -> Vec<Self> {
        let lines = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let row = |cells: &[&[&str]], mark: &'static str| RowView {
            cells: cells.iter().map(|cell| lines(cell)).collect(),
            mark,
        };
        let heading = |level: u8, anchor: &str, text: &str| BlockView {
            kind: "heading",
            level,
            anchor: anchor.into(),
            text: lines(&[text]),
            ..BlockView::default()
        };
        vec![
            Self {
                back: Link::new("示例县 公共数据授权运营", "/admin/packs/sample"),
                view: View {
                    title: "示例县 与 示例市".into(),
                    blocks: vec![
                        heading(2, "part-1", "一、办理期限"),
                        BlockView {
                            kind: "paragraph",
                            text: lines(&["对应环节的期限。", "没有对应环节的不列。"]),
                            ..BlockView::default()
                        },
                        BlockView {
                            kind: "table",
                            text: lines(&["期限"]),
                            head: lines(&["环节", "sample", "other", "比较"]),
                            rows: vec![
                                row(&[&["形式审查"], &["5个工作日", "承诺"], &["10个工作日"], &["不同"]], "differs"),
                                row(&[&["专家评审"], &["—"], &["5个工作日"], &["仅一方有"]], "only"),
                                row(&[&["公示"], &["5个工作日"], &["5个工作日"], &["相同"]], "same"),
                            ],
                            ..BlockView::default()
                        },
                        heading(3, "part-2", "数据需求评审"),
                        BlockView {
                            kind: "figure",
                            text: lines(&["流程图：数据需求评审"]),
                            svg: "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"proc\" role=\"img\" lang=\"zh-CN\" \
                                  aria-label=\"数据需求评审\" width=\"10\" height=\"10\" viewBox=\"0 0 10 10\">\
                                  <title>数据需求评审</title></svg>"
                                .into(),
                            ..BlockView::default()
                        },
                    ],
                },
                links: vec![Link::new("打印", "/admin/packs/sample/print")],
                others: vec![Choice::new("other", "示例市", true)],
                compare_href: "/admin/packs/sample/diff".into(),
            },
            Self { back: Link::new("示例县", "/admin/packs/sample"), ..Self::default() },
        ]
    }
}
