/** The metric of the examples: the drawer waits for it. */
export const SAMPLE = "my_metric";

/** Ready to paste, with this server's own address. */
export function samples(origin: string): readonly { title: string; code: string }[] {
  const event = `{"metric_name":"${SAMPLE}","source_id":"laptop","value":42}`;
  return [
    {
      title: "curl",
      code: `curl -X POST ${origin}/api/v1/events \\\n  -H 'content-type: application/json' \\\n  -d '${event}'`,
    },
    {
      title: "Python",
      code: [
        "import json, random, time, urllib.request",
        "",
        "while True:",
        `    event = {"metric_name": "${SAMPLE}",`,
        '             "source_id": "laptop", "value": random.gauss(42, 5)}',
        "    request = urllib.request.Request(",
        `        "${origin}/api/v1/events",`,
        "        data=json.dumps(event).encode(),",
        '        headers={"content-type": "application/json"})',
        "    print(urllib.request.urlopen(request).read().decode())",
        "    time.sleep(0.2)",
      ].join("\n"),
    },
    {
      title: "millrace produce",
      code: `echo '${event}' \\\n  | millrace produce - --to ${origin}`,
    },
  ];
}
