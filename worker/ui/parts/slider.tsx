import './slider.css';
import type { FieldTies } from './field.tsx';

interface SliderProps {
  ties: FieldTies;
  value: string;
  min: string;
  max: string;
  /** Null: any number between the two. */
  step: string | null;
  onValue: (value: string) => void;
}

/** A number between two ends, with the number beside it. */
export function Slider({ ties, value, min, max, step, onValue }: SliderProps) {
  return (
    <div class="slider">
      <input
        {...ties}
        type="range"
        min={min}
        max={max}
        step={step ?? 'any'}
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
      <output for={ties.id}>{value}</output>
    </div>
  );
}
