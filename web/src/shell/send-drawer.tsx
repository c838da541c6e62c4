import { useEffect, useRef, useState } from "react";
import { seriesExists } from "../query/query";
import { Icon } from "./icon";
import { Link } from "./link";
import { SAMPLE, samples } from "./samples";
import "./send-drawer.css";

const ASK_EVERY = 1500;

/** How to send the first event, in three ways, with a sign when it arrives. */
export function SendDrawer({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [arrived, setArrived] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);

  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      const there = await seriesExists(SAMPLE, abort.signal).catch(() => false);
      if (abort.signal.aborted) return;
      setArrived(there);
      if (!there) timer = setTimeout(() => void ask(), ASK_EVERY);
    };
    void ask();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, []);

  return (
    <dialog
      ref={dialog}
      className="send"
      aria-labelledby="send-title"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current.close();
      }}
    >
      <div className="body">
        <header>
          <h2 id="send-title">Send yours</h2>
          <button type="button" className="ctl quiet" aria-label="Close" onClick={() => dialog.current?.close()}>
            <Icon of="x" />
          </button>
        </header>
        <p>
          Any of these sends one event of <code>{SAMPLE}</code>. It shows within a quarter of a second; nothing has to be set up first.
        </p>
        {samples(location.origin).map((sample) => (
          <Sample key={sample.title} {...sample} />
        ))}
        <div className="arrival" role="status" data-arrived={arrived ? "" : undefined}>
          <Icon of={arrived ? "check" : "loader-circle"} />
          {arrived ? (
            <>
              <span>
                <code>{SAMPLE}</code> has arrived.
              </span>
              <Link href={`/m/${SAMPLE}`} className="ctl" onClick={() => dialog.current?.close()}>
                Show it live
              </Link>
            </>
          ) : (
            <span>Waiting for the first event…</span>
          )}
        </div>
      </div>
    </dialog>
  );
}

function Sample({ title, code }: { title: string; code: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <section>
      <header>
        <h3>{title}</h3>
        <button
          type="button"
          className="ctl quiet"
          aria-label={`Copy the ${title} example`}
          onClick={() => {
            void navigator.clipboard.writeText(code).then(() => setCopied(true));
          }}
        >
          <Icon of={copied ? "check" : "copy"} />
          {copied ? "Copied" : "Copy"}
        </button>
      </header>
      <pre tabIndex={0} aria-label={`${title} example`}>
        {code}
      </pre>
    </section>
  );
}
