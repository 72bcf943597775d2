/** `offhook start`: the service, until it is told to stop. Reloads on change of its files and on SIGHUP. */
import { Command } from "commander";
import type { Config } from "../config/config.ts";
import { diffConfig } from "../config/diff.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import { readProxyEnv } from "../config/proxyEnv.ts";
import { describeConfig, formatProblems } from "../config/report.ts";
import { watchConfig } from "../config/watch.ts";
import { type Service, startService } from "../service.ts";
import { type CliContext, CONFIG_OPTION, configured, stopAsked } from "./context.ts";
import { makeLogger } from "./logger.ts";

type Logger = ReturnType<typeof makeLogger>;

export function startCommand(context: CliContext): Command {
  return new Command("start")
    .description("watch the PBX and send webhooks, until Ctrl-C or SIGTERM")
    .option(...CONFIG_OPTION)
    .addHelpText(
      "after",
      `
The log goes to standard output, one JSON line for each thing that happens.
The ini, Users.csv and every file that the ini names (secrets, certificates, templates)
are read again when they change and on SIGHUP;
a bad new version is refused and the old one stays in force.`,
    )
    .action((said: { config?: string }) => start(context, said.config));
}

async function start(context: CliContext, file: string | undefined): Promise<void> {
  const asked = stopAsked();
  const loaded = await configured(context, file);
  if (loaded === null) return;
  const logger = makeLogger(loaded.config.logLevel, process.stdout.fd);
  logger.info({ config: describeConfig(loaded.config), version: context.version }, "starting");
  warnOf(logger, loaded);
  const { config } = loaded;
  const proxyEnv = readProxyEnv(context.env);
  const service = await startService({ config, log: logger, version: context.version, proxyEnv });
  logger.info({ url: service.url }, "started");
  tellToken(service);
  const reloading = reloadOnChange(context, { ...loaded, config }, service, logger);
  const signal = await asked;
  logger.info({ signal }, "stopping: finishing what is in flight");
  reloading.end();
  await service.stop();
  logger.info({}, "stopped");
}

/** Once, and to the person rather than into the log. */
function tellToken({ adminToken }: Service): void {
  if (!adminToken?.made) return;
  const { file, token } = adminToken;
  process.stderr.write(`Admin token, made now and kept in ${file}: ${token}\n`);
}

/** Oddities that are no errors are told at every start and reload. */
function warnOf(logger: Logger, { problems }: Loaded): void {
  for (const { severity, file, line, key, found, expected } of problems) {
    if (severity === "warning") logger.warn({ file, line, key, found, expected }, "config.odd");
  }
}

function reloadOnChange(
  context: CliContext,
  first: Loaded & { readonly config: Config },
  service: Service,
  logger: Logger,
): { end(): void } {
  let inForce = first.config;
  /** One reload after another, whether a file changed or a signal came. */
  let last: Promise<void> = Promise.resolve();

  async function reload(reason: string): Promise<void> {
    const { cwd, env } = context;
    const loaded = await loadConfig({ file: first.file, env, cwd });
    watch.follow(loaded);
    const { config } = loaded;
    if (config === null) {
      const report = formatProblems(loaded.problems).split("\n");
      logger.error({ reason, report }, "config.refused: the old version stays in force");
      return;
    }
    warnOf(logger, loaded);
    const { changed, restart } = diffConfig(inForce, config);
    await service.reload(config);
    inForce = config;
    logger.level = config.logLevel;
    logger.info({ reason, changed }, "config.reloaded");
    if (restart.length > 0) {
      logger.warn({ restart }, "config.restart-needed: these take effect at the next start");
    }
  }

  function reloadNext(reason: string): Promise<void> {
    last = last
      .then(() => reload(reason))
      .catch((error: unknown) => {
        logger.error({ reason, error: String(error) }, "config.reload-failed");
      });
    return last;
  }

  const watch = watchConfig({ ...first, onChange: () => reloadNext("a file changed") });
  const onHangUp = () => void reloadNext("SIGHUP");
  process.on("SIGHUP", onHangUp);
  return {
    end() {
      process.removeListener("SIGHUP", onHangUp);
      watch.close();
    },
  };
}
