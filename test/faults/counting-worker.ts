/**
 * Changes the built Worker so that it counts what Cloudflare bills (https://developers.cloudflare.com/durable-objects/platform/pricing/), and
 * answers the counts at COUNTS_PATH: requests to the Worker; to objects by fetch, RPC and alarm; messages of WebSockets that arrive, without those that
 * the runtime answers itself; rows, a `get`, `put` and `setAlarm` being one each; and the seconds of the wall clock in which an object
 * did anything, each of them whole, and all seconds of a request or timer under way. What the process that keeps workerd alive asks it is nobody's.
 */
export function countingWorker(script: string): string {
  const changed = script.replace('export{Account,Host,worker_default as default}', () => COUNTER);
  if (changed === script) throw new Error('the built Worker ends otherwise than this test knows');
  return changed;
}

/** `?presence=MS` changes how often the time of a host that is there is written down. */
export const COUNTS_PATH = '/counts-of-this-test';

const COUNTER = `
const[CountingAccount,CountingHost,countingFetch]=(()=>{
const counted={worker:0,requests:0,alarms:0,messages:0,rows_read:0,rows_written:0};
const cursors=[],seconds=new Set(),open=new Map();
let serial=0,patched=false;
const second=()=>Math.floor(Date.now()/1000);
function mark(name){seconds.add(name+second())}
function begin(name){mark(name);open.set(++serial,{name,from:second()});return serial}
function end(id){const span=open.get(id);open.delete(id);if(span)for(let at=span.from;at<=second();at+=1)seconds.add(span.name+at)}
function patch(storage){
  if(patched)return;patched=true;
  const sql=Object.getPrototypeOf(storage.sql),kv=Object.getPrototypeOf(storage.kv),exec=sql.exec;
  sql.exec=function(...args){const cursor=exec.apply(this,args);cursors.push(cursor);return cursor};
  for(const[name,what]of[["get","rows_read"],["put","rows_written"],["delete","rows_written"]]){const own=kv[name];kv[name]=function(...args){counted[what]+=1;return own.apply(this,args)}}
  const proto=Object.getPrototypeOf(storage),setAlarm=proto.setAlarm;
  proto.setAlarm=function(...args){counted.rows_written+=1;return setAlarm.apply(this,args)};
}
function counting(Base,name){
  let inside=false;
  class Counting extends Base{constructor(ctx,env){patch(ctx.storage);super(ctx,env);mark(name)}}
  for(const key of Object.getOwnPropertyNames(Base.prototype)){
    const own=Base.prototype[key];
    if(key==="constructor"||typeof own!=="function")continue;
    const what=key==="alarm"?"alarms":key.startsWith("webSocket")?"messages":"requests";
    Object.defineProperty(Counting.prototype,key,{writable:true,configurable:true,value:function(...args){
      if(inside)return own.apply(this,args);
      counted[what]+=1;const span=begin(name);inside=true;let result;
      try{result=own.apply(this,args)}catch(error){end(span);throw error}finally{inside=false}
      if(typeof result?.then==="function")return result.then(value=>{end(span);return value},error=>{end(span);throw error});
      end(span);return result;
    }});
  }
  return Counting;
}
const later=globalThis.setTimeout,never=globalThis.clearTimeout,timers=new Map();
globalThis.setTimeout=(act,ms,...args)=>{const span=begin("Host"),id=later.call(globalThis,()=>{timers.delete(id);end(span);act(...args)},ms);timers.set(id,span);return id};
globalThis.clearTimeout=id=>{const span=timers.get(id);if(span!==undefined){timers.delete(id);end(span)}never.call(globalThis,id)};
return[counting(Account,"Account"),counting(Host,"Host"),{async fetch(request,env,ctx){
  const url=new URL(request.url);
  const watchdog=url.pathname==="/api/health"&&!request.headers.has("x-toru-front");
  if(url.pathname!=="${COUNTS_PATH}"){if(!watchdog)counted.worker+=1;return worker_default.fetch(request,env,ctx)}
  const presence=url.searchParams.get("presence");
  if(presence!==null)PRESENCE_EVERY_MS=Number(presence);
  const all={...counted};
  for(const cursor of cursors){all.rows_read+=cursor.rowsRead;all.rows_written+=cursor.rowsWritten}
  return Response.json({...all,seconds:seconds.size});
}}]})();
export{CountingAccount as Account,CountingHost as Host,countingFetch as default}`;
