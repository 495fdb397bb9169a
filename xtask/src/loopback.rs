//! What is asked of servers on this machine: does it answer, and is the port free.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(2);

/// True when `GET path` is answered with status 200.
pub(crate) fn answers_http(port: u16, path: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = connect(port)?;
        // In one piece: a server that has seen enough may close and would cut off a second one.
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut status = String::new();
        BufReader::new(stream.take(1024)).read_line(&mut status)?;
        Ok(status.split(' ').nth(1) == Some("200"))
    };
    ask().unwrap_or(false)
}

/// True when a mail server greets.
pub(crate) fn answers_smtp(port: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = connect(port)?;
        let mut greeting = String::new();
        BufReader::new((&stream).take(1024)).read_line(&mut greeting)?;
        stream.write_all(b"QUIT\r\n")?;
        Ok(greeting.starts_with("220"))
    };
    ask().unwrap_or(false)
}

/// True when a server takes a connection, whatever it speaks.
pub(crate) fn accepts(port: u16) -> bool {
    connect(port).is_ok()
}

/// Takes hold of a loopback port: `wanted`, or a free one for 0. It is free again when the listener is dropped.
pub(crate) fn hold_port(wanted: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, wanted))
}

fn connect(port: u16) -> std::io::Result<TcpStream> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use std::net::Shutdown;

    use super::*;

    /// Serves one connection with a fixed text.
    fn serve(text: &'static str) -> u16 {
        let listener = hold_port(0).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(text.as_bytes()).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            // Closing with unread input would take back what was written.
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        });
        port
    }

    #[test]
    fn only_a_200_counts_as_an_answer() {
        assert!(answers_http(serve("HTTP/1.1 200 OK\r\n\r\n"), "/"));
        assert!(!answers_http(serve("HTTP/1.1 502 Bad Gateway\r\n\r\n"), "/"));
        assert!(!answers_http(serve(""), "/"));
    }

    #[test]
    fn only_a_greeting_counts_as_a_mail_server() {
        assert!(answers_smtp(serve("220 ready\r\n")));
        assert!(!answers_smtp(serve("554 go away\r\n")));
    }

    #[test]
    fn nobody_listening_is_no_answer() {
        // A port that no test is given, so that it is nobody's at this moment either.
        let port = 1;
        assert!(!answers_http(port, "/"));
        assert!(!answers_smtp(port));
        assert!(!accepts(port));
    }

    #[test]
    fn a_held_port_cannot_be_held_again() {
        let held = hold_port(0).unwrap();
        let port = held.local_addr().unwrap().port();
        assert!(hold_port(port).is_err());
    }
}
