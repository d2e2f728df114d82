// What the person would have written in the place of an answer: a field first, then their text.
import { useState } from 'react';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Textarea } from '@/components/ui/textarea';

export default function Correction() {
  const [open, setOpen] = useState(!props.saved);
  const [text, setText] = useState(props.text);
  const [told, setTold] = useState('');

  const save = async () => {
    setTold('');
    const answer = await callAction({
      name: 'save_correction',
      payload: { message: props.message, text }
    });
    const said = answer?.response || answer;
    if (!said?.kept) {
      setTold(said?.error || 'This could not be kept. The terminal that runs twin chat says why.');
      return;
    }
    await updateElement({ ...props, text, saved: true });
    setOpen(false);
  };

  if (!open) {
    return (
      <Card className="correction p-4 flex flex-col gap-2">
        <div className="text-sm text-muted-foreground">You would have written</div>
        <div className="correction-text whitespace-pre-wrap">{text}</div>
        <div>
          <Button variant="outline" size="sm" onClick={() => setOpen(true)}>
            Change
          </Button>
        </div>
      </Card>
    );
  }
  return (
    <Card className="correction p-4 flex flex-col gap-3">
      <div className="text-sm text-muted-foreground">I would have written</div>
      <Textarea
        rows={8}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {told ? <div className="text-sm text-red-500">{told}</div> : null}
      <div className="flex gap-2">
        <Button size="sm" className="save-correction" disabled={!text.trim()} onClick={save}>
          Keep it
        </Button>
        <Button
          variant="ghost"
          size="sm"
          onClick={() => (props.saved ? setOpen(false) : deleteElement())}
        >
          Cancel
        </Button>
      </div>
    </Card>
  );
}
