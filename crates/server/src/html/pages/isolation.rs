//! How far the workers of the secure domain are isolated.

use serde::Serialize;

use super::parts::Light;
use crate::html::render::Page;

/// A layer or an attempt: what it is, what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct IsolationLine {
    pub name: String,
    /// What it is good for, or what was tried.
    pub text: String,
    pub state: String,
    pub light: Light,
}

/// A worker that runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct IsolationWorker {
    pub zone: String,
    pub tenant: String,
    pub state: String,
    pub light: Light,
}

/// The isolation page (`isolation.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct IsolationPage {
    /// When the canary was asked; empty while it was not.
    pub probed: String,
    pub complete: bool,
    pub layers: Vec<IsolationLine>,
    pub attempts: Vec<IsolationLine>,
    pub workers: Vec<IsolationWorker>,
}

impl Page for IsolationPage {
    const TEMPLATE: &'static str = "isolation.html";

    fn samples() -> Vec<Self> {
        let line = |name: &str, state: &str, light| IsolationLine {
            name: name.into(),
            text: "没有网卡，看不到其他进程，根目录只读".into(),
            state: state.into(),
            light,
        };
        vec![
            Self {
                probed: "2026-11-21 09:40".into(),
                complete: false,
                layers: vec![
                    line("命名空间", "没有", Light::Overdue),
                    line("系统调用", "有效", Light::Normal),
                ],
                attempts: vec![line("打开网络连接", "已拦住", Light::Normal)],
                workers: vec![IsolationWorker {
                    zone: "生产区".into(),
                    tenant: "湖州低空数据有限公司".into(),
                    state: "完整".into(),
                    light: Light::Normal,
                }],
            },
            Self::default(),
        ]
    }
}
