// Two texts next to each other, each with its sources; the person may choose one of them.
import { useState } from 'react';
import { Check } from 'lucide-react';
import { Markdown } from '@/components/markdown';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';

// A citation becomes a link as it does in a message: its own name, twice.
const linked = (text, sources) =>
  sources.reduce(
    (done, source) =>
      done.split(source.name).join(`[${source.name}](${encodeURIComponent(source.name)})`),
    text
  );

const asElements = (sources, side) =>
  sources.map((source) => ({
    id: `${props.message}-${side}-${source.name}`,
    type: 'text',
    display: 'side',
    name: source.name,
    url: source.url
  }));

export default function Columns() {
  const [told, setTold] = useState('');
  const chosen = props.chosen;

  const choose = async (side) => {
    setTold('');
    const answer = await callAction({
      name: 'choose',
      payload: { message: props.message, chosen: side }
    });
    const said = answer?.response || answer;
    if (!said?.names) {
      setTold(said?.error || 'This could not be kept. The terminal that runs twin chat says why.');
      return;
    }
    const columns = props.columns.map((column, i) => ({ ...column, name: said.names[i] }));
    await updateElement({ ...props, columns, chosen: side });
  };

  return (
    <div className="columns w-full">
      <div className="grid gap-4 md:grid-cols-2">
        {props.columns.map((column, side) => (
          <Card
            key={side}
            className={`column p-4 flex flex-col gap-3 ${chosen === side ? 'column-chosen' : ''}`}
          >
            <div className="text-sm text-muted-foreground">
              {column.title || ['One', 'The other'][side]}
              {column.name ? ` · ${column.name}` : ''}
            </div>
            <div className="column-text flex-grow">
              <Markdown
                allowHtml={false}
                latex={false}
                renderMarkdown={true}
                refElements={asElements(column.sources, side)}
              >
                {linked(column.text || (column.done ? '' : '…'), column.sources)}
              </Markdown>
            </div>
            {column.sources.length ? (
              <div className="column-sources text-sm">
                <Markdown
                  allowHtml={false}
                  latex={false}
                  renderMarkdown={true}
                  refElements={asElements(column.sources, side)}
                >
                  {linked(column.sources.map((s) => s.label).join('\n'), column.sources)}
                </Markdown>
              </div>
            ) : null}
            {props.choosable ? (
              <div>
                <Button
                  variant={chosen === side ? 'default' : 'outline'}
                  size="sm"
                  className="choose"
                  onClick={() => choose(side)}
                >
                  {chosen === side ? <Check className="h-4 w-4" /> : null}
                  {chosen === side ? 'Chosen' : 'This one'}
                </Button>
              </div>
            ) : null}
          </Card>
        ))}
      </div>
      {told ? <div className="mt-2 text-sm text-red-500">{told}</div> : null}
    </div>
  );
}
