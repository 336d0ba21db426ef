//! Finds libarchive, which `src/sys/libarchive` binds.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // 3.4 is the first that reads every format the binding asks for; Debian 12 has 3.6.
    if let Err(error) = pkg_config::Config::new().atleast_version("3.4").probe("libarchive") {
        eprintln!("komparu needs libarchive, with its headers:");
        eprintln!("  Debian, Ubuntu:  apt-get install libarchive-dev pkg-config");
        eprintln!("  Fedora:          dnf install libarchive-devel pkgconf-pkg-config");
        eprintln!("  macOS:           brew install libarchive pkgconf, and set PKG_CONFIG_PATH");
        eprintln!("                   to \"$(brew --prefix libarchive)/lib/pkgconfig\"");
        eprintln!("{error}");
        std::process::exit(1);
    }
}
