// Starts the binary named by MILLRACE_BINARY as `demo`, and knows its address.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const binary = process.env.MILLRACE_BINARY;

export class DemoServer {
  #process;
  #data;
  #ending = false;
  url = "";

  static async start() {
    const server = new DemoServer();
    server.#data = await mkdtemp(join(tmpdir(), "millrace-browser-"));
    await server.run("127.0.0.1:0");
    return server;
  }

  async run(listen) {
    this.#process = spawn(binary, ["demo", "--listen", listen, "--data", this.#data], { stdio: ["ignore", "pipe", "inherit"] });
    this.url = await new Promise((resolve, reject) => {
      let text = "";
      this.#process.stdout.on("data", (bytes) => {
        text += bytes;
        const match = /listening on (http:\/\/\S+)/.exec(text);
        if (match) resolve(match[1]);
      });
      this.#process.once("exit", (code, signal) => {
        if (!this.#ending) console.error(`the server ended by itself: ${signal ?? code}`);
        reject(new Error("the server ended before it listened"));
      });
    });
  }

  freeze() {
    this.#process.kill("SIGSTOP");
  }

  thaw() {
    this.#process.kill("SIGCONT");
  }

  async kill() {
    this.#ending = true;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }

  /** On the same port and data. */
  async restart() {
    this.#ending = false;
    await this.run(new URL(this.url).host);
  }

  async stop() {
    this.#ending = true;
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return rm(this.#data, { recursive: true, force: true });
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGCONT");
    this.#process.kill("SIGTERM");
    await ended;
    await rm(this.#data, { recursive: true, force: true });
  }
}
