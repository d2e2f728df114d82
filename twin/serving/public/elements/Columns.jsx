// Two texts next to each other, each with its sources; the person may choose one of them.
import { useState } from 'react';
import { Check } from 'lucide-react';
import { Markdown } from '@/components/markdown';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Textarea } from '@/components/ui/textarea';

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
  const [edited, setEdited] = useState({});
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

  const save = async (side) => {
    setTold('');
    const text = edited[side];
    const answer = await callAction({
      name: props.editing,
      payload: { message: props.message, side, text }
    });
    const said = answer?.response || answer;
    if (!said?.kept) {
      setTold(said?.error || 'This could not be kept. The terminal that runs twin chat says why.');
      return;
    }
    const columns = props.columns.map((column, i) =>
      i === side ? { ...column, text, plain: text, sources: [], name: 'as you wrote it' } : column
    );
    await updateElement({ ...props, columns });
    setEdited({ ...edited, [side]: undefined });
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
              {edited[side] !== undefined ? (
                <Textarea
                  rows={12}
                  value={edited[side]}
                  onChange={(event) => setEdited({ ...edited, [side]: event.target.value })}
                />
              ) : (
              <Markdown
                allowHtml={false}
                latex={false}
                renderMarkdown={true}
                refElements={asElements(column.sources, side)}
              >
                {linked(column.text || (column.done ? '' : '…'), column.sources)}
              </Markdown>
              )}
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
              <div className="flex gap-2">
                <Button
                  variant={chosen === side ? 'default' : 'outline'}
                  size="sm"
                  className="choose"
                  onClick={() => choose(side)}
                >
                  {chosen === side ? <Check className="h-4 w-4" /> : null}
                  {chosen === side ? 'Chosen' : 'This one'}
                </Button>
                {props.editing && edited[side] === undefined ? (
                  <Button
                    variant="ghost"
                    size="sm"
                    className="edit-column"
                    onClick={() => setEdited({ ...edited, [side]: column.plain })}
                  >
                    Edit
                  </Button>
                ) : null}
                {props.editing && edited[side] !== undefined ? (
                  <Button size="sm" className="save-column" onClick={() => save(side)}>
                    Keep it
                  </Button>
                ) : null}
              </div>
            ) : null}
          </Card>
        ))}
      </div>
      {told ? <div className="mt-2 text-sm text-red-500">{told}</div> : null}
    </div>
  );
}
