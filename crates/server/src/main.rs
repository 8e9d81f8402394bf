//! The one program: `shuyu`.

fn main() -> std::process::ExitCode {
    server::commands::main()
}
