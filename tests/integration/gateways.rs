// SPDX-License-Identifier: Apache-2.0
//! What may stand before a farm: a server that speaks TLS with a CA of its own, and a proxy.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};

/// A CA that only those know who have its file.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A server's side of TLS, with a certificate for these names and addresses.
    fn acceptor(&self, names: &[&str]) -> TlsAcceptor {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(names).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config =
            ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![certificate.der().clone()], key)
                .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Something that takes connections and hands them on.
pub struct Gateway {
    pub address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    task: AbortHandle,
}

impl Gateway {
    /// A farm's TLS: what comes in encrypted goes on to `target` in the clear.
    pub async fn tls(authority: &Authority, names: &[&str], target: &str) -> Self {
        let acceptor = authority.acceptor(names);
        Self::start(target, move |stream, target, _| {
            let acceptor = acceptor.clone();
            async move {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    join(&mut stream, target).await;
                }
            }
        })
        .await
    }

    /// A proxy that brings everybody who shows `authorization` to `target`, wherever they want to go.
    pub async fn proxy(authorization: &'static str, target: &str) -> Self {
        Self::start(target, move |mut stream, target, heads| async move {
            let head = read_head(&mut stream).await;
            heads.lock().unwrap().push(head.clone());
            let shown = format!("proxy-authorization: {authorization}\r\n");
            if !head.contains(&shown) {
                let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                let _ = stream.write_all(refusal).await;
                let _ = stream.shutdown().await;
                return;
            }
            let Ok(mut further) = TcpStream::connect(target).await else {
                return;
            };
            if head.starts_with("CONNECT ") {
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            } else {
                let kept = head.replace(&shown, "");
                further.write_all(kept.as_bytes()).await.unwrap();
            }
            let _ = copy_bidirectional(&mut stream, &mut further).await;
        })
        .await
    }

    async fn start<F>(
        target: &str,
        serve: impl Fn(TcpStream, SocketAddr, Arc<Mutex<Vec<String>>>) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let target: SocketAddr = target.trim_start_matches("http://").parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&heads);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, target, Arc::clone(&log)));
            }
        })
        .abort_handle();
        Self {
            address,
            heads,
            task,
        }
    }

    /// The head of each request that a proxy was asked with.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn join(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), target: SocketAddr) {
    if let Ok(mut further) = TcpStream::connect(target).await {
        let _ = copy_bidirectional(stream, &mut further).await;
    }
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}
