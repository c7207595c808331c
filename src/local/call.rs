// SPDX-License-Identifier: Apache-2.0
//! The few calls that finding, starting and stopping the server need: HTTP over loopback, blocking, from any thread.
//! The Flamenco client is for all else.

use std::io::{Error, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde::de::DeserializeOwned;

/// An answer of loopback takes milliseconds; a server that renders on every core may take longer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Asks the server on `port` of 127.0.0.1; the answer's status and body.
pub fn ask(port: u16, token: &str, method: &str, path: &str) -> std::io::Result<(u16, Vec<u8>)> {
    let address = (Ipv4Addr::LOCALHOST, port).into();
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&answer).ok_or_else(|| Error::new(ErrorKind::InvalidData, "this is no HTTP answer"))
}

/// As [`ask`] with GET, for an answer in JSON.
pub fn get<T: DeserializeOwned>(port: u16, token: &str, path: &str) -> std::io::Result<T> {
    let (status, body) = ask(port, token, "GET", path)?;
    if status != 200 {
        return Err(Error::other(format!("the answer has status {status}")));
    }
    serde_json::from_slice(&body).map_err(Error::from)
}

/// Status and body of an answer that was closed at its end; the server sends nothing in chunks.
fn parse(answer: &[u8]) -> Option<(u16, Vec<u8>)> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(answer.get(..end)?).ok()?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some((status, answer.get(end + 4..)?.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_apart_and_anything_else_refused() {
        let (status, body) = parse(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
        assert_eq!((status, body.as_slice()), (200, b"{}".as_slice()));
        assert_eq!(parse(b"SSH-2.0\r\n\r\n"), None);
        assert_eq!(parse(b"HTTP/1.1 20"), None);
    }
}
