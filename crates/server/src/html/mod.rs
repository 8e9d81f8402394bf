//! HTML pages: typed contexts, templates, two languages and the embedded assets.
//!
//! A handler fills a struct of [`pages`] and a [`pages::shell::Shell`], then calls [`render::Renderer::render`].
//! Start with [`render::Page`].

pub mod assets;
pub mod chart;
pub(crate) mod desk;
pub(crate) mod domain;
pub mod locale;
pub mod pages;
pub mod render;
pub mod routes;
