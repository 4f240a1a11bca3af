//! The plain reverse proxy: Debian's nginx, one worker, keep-alive both ways, no buffering.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

/// What to do where nginx is missing.
pub const INSTALL: &str = "nginx is needed: apt-get install nginx-light";

/// The command that runs nginx in the foreground, its configuration written to `folder`.
///
/// # Errors
/// The configuration cannot be written.
pub fn command(port: u16, upstream: u16, folder: &Path) -> Result<Command> {
    let path = folder.join("nginx.conf");
    fs::write(&path, configuration(port, upstream))?;
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder).arg("-c").arg(path);
    command.args(["-e", "error.log"]);
    Ok(command)
}

fn configuration(port: u16, upstream: u16) -> String {
    format!(
        "daemon off;
worker_processes 1;
worker_rlimit_nofile 8192;
pid nginx.pid;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    keepalive_timeout 300s;
    keepalive_requests 1000000000;
    client_max_body_size 64m;
    upstream simulated {{
        server 127.0.0.1:{upstream};
        keepalive 256;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://simulated;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            proxy_buffering off;
            proxy_request_buffering off;
            proxy_read_timeout 300s;
        }}
    }}
}}
"
    )
}
