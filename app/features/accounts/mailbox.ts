// The development mailbox: in place of an SMTP server, the last mails on a page. Never in production.
// Tested by sign-in.test.ts: it follows the links.
import { z } from 'zod';
import { definePublicPage, type PublicRoute } from '#app/feature.ts';
import { html, type Html } from '#app/lib/html.ts';
import type { Mail, SendMail } from './mail.ts';

const MOST_KEPT = 50;

export interface Mailbox {
  readonly send: SendMail;
  readonly page: PublicRoute;
}

export function createMailbox(): Mailbox {
  const mails: Mail[] = [];
  return {
    send(mail) {
      mails.unshift(mail);
      mails.length = Math.min(mails.length, MOST_KEPT);
      return Promise.resolve();
    },
    page: definePublicPage({
      path: '/accounts/mailbox',
      query: z.strictObject({}),
      handle: () =>
        Promise.resolve({
          title: 'Development mailbox',
          styles: ['accounts.css'],
          body: html`<h1>Development mailbox</h1>
<p>Mails go here while ACCOUNTS_SMTP_URL is not set. This page is not there in production.</p>
${mails.length === 0 && html`<p class="notice">No mail yet.</p>`}
<ul class="cards">${mails.map(renderMail)}</ul>`,
        }),
    }),
  };
}

function renderMail({ to, subject, text }: Mail): Html {
  return html`<li class="card"><h2>${subject}</h2><p>To ${to}</p><p class="mail">${text.split(/(https?:\/\/\S+)/).map((part, index) => (index % 2 === 1 ? html`<a href="${part}">${part}</a>` : part))}</p></li>`;
}
