// Two texts next to each other, each with its sources and its own thumbs; the person may choose one.
import { useState } from 'react';
import { Check, ThumbsDown, ThumbsUp } from 'lucide-react';
import { Markdown } from '@/components/markdown';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Input } from '@/components/ui/input';
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

const Words = ({ children, sources = [], side = 0 }) => (
  <Markdown
    allowHtml={false}
    latex={false}
    renderMarkdown={true}
    refElements={asElements(sources, side)}
  >
    {linked(children, sources)}
  </Markdown>
);

const Thumb = ({ icon: Icon, label, pressed, colour, onClick }) => (
  <Button
    variant="ghost"
    size="icon"
    aria-label={label}
    aria-pressed={pressed}
    title={label}
    className={pressed ? `${colour} rated` : 'text-muted-foreground'}
    onClick={onClick}
  >
    <Icon className="h-4 w-4" />
  </Button>
);

export default function Columns() {
  const [told, setTold] = useState('');
  const [edited, setEdited] = useState({});
  const [why, setWhy] = useState({});
  const chosen = props.chosen;

  // What the server made of it, or nothing: then it is told why.
  const act = async (name, payload, expected) => {
    setTold('');
    const answer = await callAction({ name, payload: { message: props.message, ...payload } });
    const said = answer?.response || answer;
    if (said?.[expected]) return said[expected];
    setTold(said?.error || 'This could not be kept. The terminal that runs twin chat says why.');
    return null;
  };

  const change = (side, values) =>
    updateElement({
      ...props,
      columns: props.columns.map((column, i) => (i === side ? { ...column, ...values } : column))
    });

  const choose = async (side) => {
    const names = await act('choose', { chosen: side }, 'names');
    if (!names) return;
    const columns = props.columns.map((column, i) => ({ ...column, name: names[i] }));
    await updateElement({ ...props, columns, chosen: side });
  };

  const save = async (side) => {
    const text = edited[side];
    if (!(await act(props.editing, { side, text }, 'kept'))) return;
    await change(side, { text, plain: text, sources: [], written: true });
    setEdited({ ...edited, [side]: undefined });
  };

  const rate = async (side, value, comment) => {
    if (!(await act('rate', { side, value, comment }, 'kept'))) return;
    await change(side, { thumb: value === null ? null : { value, comment } });
    setWhy({ ...why, [side]: undefined });
  };

  const press = (side, value) => {
    const before = props.columns[side].thumb;
    if (before?.value === value) return rate(side, null, '');
    return rate(side, value, before?.comment || '');
  };

  return (
    <div className="columns w-full">
      {props.question ? (
        <div className="column-question mb-3">
          <Words>{props.question}</Words>
        </div>
      ) : null}
      <div className="grid gap-4 md:grid-cols-2">
        {props.columns.map((column, side) => (
          <Card
            key={side}
            className={`column p-4 flex flex-col gap-3 ${chosen === side ? 'column-chosen' : ''}`}
          >
            <div className="text-sm text-muted-foreground">
              {[
                column.title || ['One', 'The other'][side],
                column.name,
                column.written ? 'as you wrote it' : ''
              ]
                .filter(Boolean)
                .join(' · ')}
            </div>
            <div className="column-text">
              {edited[side] !== undefined ? (
                <Textarea
                  rows={12}
                  value={edited[side]}
                  onChange={(event) => setEdited({ ...edited, [side]: event.target.value })}
                />
              ) : (
                <Words sources={column.sources} side={side}>
                  {column.text || (column.done ? '' : '…')}
                </Words>
              )}
            </div>
            {column.sources.length ? (
              <div className="column-sources text-sm">
                <Words sources={column.sources} side={side}>
                  {column.sources.map((s) => s.label).join('\n')}
                </Words>
              </div>
            ) : null}
            {column.kept ? (
              <div className="flex flex-wrap items-center gap-2 mt-auto">
                {props.choosable ? (
                  <Button
                    variant={chosen === side ? 'default' : 'outline'}
                    size="sm"
                    className="choose"
                    onClick={() => choose(side)}
                  >
                    {chosen === side ? <Check className="h-4 w-4" /> : null}
                    {chosen === side ? 'Chosen' : 'This one'}
                  </Button>
                ) : null}
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
                  <>
                    <Button
                      size="sm"
                      className="save-column"
                      disabled={!edited[side].trim()}
                      onClick={() => save(side)}
                    >
                      Keep it
                    </Button>
                    <Button
                      variant="ghost"
                      size="sm"
                      onClick={() => setEdited({ ...edited, [side]: undefined })}
                    >
                      Cancel
                    </Button>
                  </>
                ) : null}
                {column.written ? null : (
                  <div className="flex items-center ml-auto">
                    <Thumb
                      icon={ThumbsUp}
                      label="Good"
                      colour="text-green-600"
                      pressed={column.thumb?.value === 1}
                      onClick={() => press(side, 1)}
                    />
                    <Thumb
                      icon={ThumbsDown}
                      label="Not good"
                      colour="text-red-600"
                      pressed={column.thumb?.value === 0}
                      onClick={() => press(side, 0)}
                    />
                  </div>
                )}
              </div>
            ) : null}
            {column.thumb && !column.written ? (
              <form
                className="flex gap-2"
                onSubmit={(event) => {
                  event.preventDefault();
                  rate(side, column.thumb.value, why[side] ?? column.thumb.comment);
                }}
              >
                <Input
                  className="why h-8"
                  placeholder="Say why, if you like"
                  value={why[side] ?? column.thumb.comment}
                  onChange={(event) => setWhy({ ...why, [side]: event.target.value })}
                />
                {why[side] !== undefined && why[side] !== column.thumb.comment ? (
                  <Button size="sm" type="submit" className="keep-why h-8">
                    Keep it
                  </Button>
                ) : null}
              </form>
            ) : null}
          </Card>
        ))}
      </div>
      {told ? <div className="mt-2 text-sm text-red-500">{told}</div> : null}
    </div>
  );
}
