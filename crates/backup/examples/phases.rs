use std::{sync::Arc,hint::black_box,time::Instant,ops::ControlFlow}; use lifeboat_backup::*; use lifeboat_backup::generate::*;
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
fn main(){ let g=Generator::new(1).unwrap(); let n=200; let size=BackupSize{entries:n,rooms:20}; let l=g.listing(size,0..n).unwrap(); let k=Arc::new(g.backup_key().unwrap());
 let sk=PrivateKey::from_private_key(&X25519,&[7u8;32]).unwrap(); let keys:Vec<[u8;32]>=(0..n).map(|i|g.seal(b"x",i).unwrap().ephemeral).collect();
 let mut o=Opener::new(Some(k.clone())); let mut o2=Opener::new(None);
 let mut r:[Vec<f64>;4]=Default::default();
 let time=|f:&mut dyn FnMut()|{let w=Instant::now(); f(); w.elapsed().as_secs_f64()/n as f64*1e6};
 if std::env::args().count()>1 { for _ in 0..400 { let mut rd=Reader::new(); let _=rd.feed(l.as_bytes(),|i|{ if let Item::Entry{session_id,body:Body::Object(j)}=i { assert_eq!(o.judge(SessionId::parse(session_id).unwrap(),j).state,State::Opens);} ControlFlow::Continue(())}); } return; }
 for _ in 0..400 {
  r[0].push(time(&mut||for k in &keys { agree(&sk,UnparsedPublicKey::new(&X25519,k),(),|s|{black_box(s[0]);Ok(())}).unwrap();}));
  r[1].push(time(&mut||{ let mut rd=Reader::new(); let _=rd.feed(l.as_bytes(),|i|{ if let Item::Entry{session_id,body:Body::Object(j)}=i { assert_eq!(o.judge(SessionId::parse(session_id).unwrap(),j).state,State::Opens);} ControlFlow::Continue(())});}));
  r[2].push(time(&mut||{ let mut rd=Reader::new(); let _=rd.feed(l.as_bytes(),|i|{ if let Item::Entry{session_id,body:Body::Object(j)}=i { black_box(o2.judge(SessionId::parse(session_id).unwrap(),j).state);} ControlFlow::Continue(())});}));
  r[3].push(time(&mut||{ let mut rd=Reader::new(); let _=rd.feed(l.as_bytes(),|i|{ black_box(i); ControlFlow::Continue(())});}));
 }
 let ratio:Vec<f64>=r[0].iter().zip(&r[1]).map(|(a,b)|a/b).collect(); let mut ratio=ratio; ratio.sort_by(f64::total_cmp);
 for v in &mut r { v.sort_by(f64::total_cmp);} println!("min: x {:.2} all {:.2} sealed {:.2} read {:.2}  ratio of min {:.3} median of ratios {:.3}",r[0][0],r[1][0],r[2][0],r[3][0],r[0][0]/r[1][0],ratio[200]);
}
